#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/registry.h>

#include "server/metrics/api_metrics.h"
#include "server/metrics/certificate_metrics.h"
#include "server/metrics/listener_metrics.h"
#include "server/metrics/observed_hub.h"
#include "server/metrics/process_metrics.h"
#include "server/metrics/registration_metrics.h"
#include "server/metrics/store_metrics.h"

namespace muster::server {

/// Everything that is measured, and its text for Prometheus. Label values are few and never ids of devices.
///
/// Lifecycle: made before what it measures; what is added later must outlive the last render(). Thread-safe.
class Metrics {
 public:
  /// `served` outlives this.
  Metrics(std::string version, std::filesystem::path database, const ServedCertificates& served);

  [[nodiscard]] ApiMetrics& api() { return api_; }
  [[nodiscard]] HubMetrics& hubs() { return hubs_; }
  [[nodiscard]] StoreMetrics& store() { return store_; }
  [[nodiscard]] ListenerMetrics& listeners() { return listeners_; }
  [[nodiscard]] CertificateMetrics& certificates() { return certificates_; }

  /// Called once, when the instances are known.
  RegistrationMetrics& watch_registrations(std::span<const model::Instance> instances);
  /// A value that is asked for at each render().
  void add_gauge(std::string name, std::string help, std::function<double()> value);
  void add(const prometheus::Collectable& source);

  /// The text exposition format, version 0.0.4.
  [[nodiscard]] std::string render() const;

 private:
  prometheus::Registry counters_;
  ApiMetrics api_;
  HubMetrics hubs_;
  StoreMetrics store_;
  ListenerMetrics listeners_;
  CertificateMetrics certificates_;
  ProcessMetrics process_;

  mutable std::mutex mutex_;  // protects what follows
  std::vector<std::unique_ptr<const prometheus::Collectable>> own_;
  std::vector<const prometheus::Collectable*> sources_;
};

}  // namespace muster::server
