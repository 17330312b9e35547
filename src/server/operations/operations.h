#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "server/access_log/access_log.h"
#include "server/http/session.h"
#include "server/metrics/metrics.h"
#include "server/net/server.h"
#include "server/operations/liveness.h"
#include "server/operations/observers.h"
#include "server/operations/operations_handler.h"
#include "server/operations/readiness.h"
#include "server/tls/served_certificates.h"
#include "store/store.h"

namespace muster::server {

/// What lets operators see into the service: metrics, health, access log, and the listener that serves the first two.
///
/// Lifecycle: start() before the store is opened, so that a start can be watched; observers and gauges are wired while
/// the rest is made; serving(); stopping(); stop() before what it watches ends.
class Operations {
 public:
  struct Endpoint {
    std::string address;
    std::uint16_t port = 0;  ///< 0: any free one
  };
  struct Options {
    const Clock& clock;                               ///< outlives this
    std::string version;                              ///< of the program
    std::filesystem::path database;                   ///< the store's file; its folder exists
    std::optional<Endpoint> listen;                   ///< none: nothing listens
    std::optional<std::filesystem::path> access_log;  ///< as for LineFile::open; none: no access log
  };

  /// kUnavailable when the port is taken, kInternal when the access log cannot be opened.
  static Result<std::unique_ptr<Operations>> start(const Options& options);
  ~Operations();
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  [[nodiscard]] Metrics& metrics() { return metrics_; }
  [[nodiscard]] Liveness& liveness() { return liveness_; }
  [[nodiscard]] ServedCertificates& certificates() { return certificates_; }
  [[nodiscard]] std::vector<OperationObserver*> operation_observers();
  [[nodiscard]] provisioning::RegistrationObserver& registration_observer() { return registrations_; }
  /// The bound port; none when nothing listens.
  [[nodiscard]] std::optional<std::uint16_t> port() const;

  /// All instances there will be; called once, before the first registration.
  void set_instances(std::span<const model::Instance> instances);
  /// Requests are served from now on. `store` outlives stop().
  void serving(store::Store& store);
  /// The service ends in order: it is still healthy, but no longer ready.
  void stopping();
  /// To be called every few seconds by the main thread: looks after the other threads.
  void beat() { liveness_.beat(std::chrono::steady_clock::now()); }
  /// Opens the access log anew, after it was rotated away.
  void reopen_log();
  /// Nothing listens any more, and nothing that was added is looked at.
  void stop();

 private:
  explicit Operations(const Options& options);

  ServedCertificates certificates_;
  Metrics metrics_;
  Liveness liveness_;
  Readiness readiness_;
  RegistrationObservers registrations_;
  std::unique_ptr<AccessLog> access_log_;
  OperationsHandler handler_;
  HttpProtocol protocol_{handler_};
  std::unique_ptr<Server> server_;
};

}  // namespace muster::server
