#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "server/tls/served_certificates.h"

namespace muster::server {

/// Why devices should not be sent here.
struct Unready {
  std::string code;     ///< stable: "starting", "stopping", "store", "disk-full", "certificate"
  std::string message;  ///< for people

  bool operator==(const Unready&) const = default;
};

/// Whether devices should be sent here: serving, the store takes writes, the certificates are in date.
///
/// serving() and stopping() may be called from any thread; reasons() only on one.
class Readiness {
 public:
  /// Nearly as good as nothing: SQLite needs some room to grow before it can move on.
  static constexpr std::uintmax_t kLeastFreeOctets = std::uintmax_t{4} << 20U;

  /// All outlive this. `folder` is where the store is kept.
  Readiness(const Clock& clock, const ServedCertificates& certificates, std::filesystem::path folder)
      : clock_(clock), certificates_(certificates), folder_(std::move(folder)) {}

  using Time = std::chrono::steady_clock::time_point;
  /// Writes something to the store: what readiness is about.
  using CheckStore = std::function<Task<Result<void>>()>;

  /// From now on requests are served. Called once; what `check_store` refers to outlives the last reasons().
  void serving(CheckStore check_store);
  void stopping();

  /// Empty: ready. Writes to the store at most once in a few seconds, and never a second time while a first write has
  /// no answer.
  Task<std::vector<Unready>> reasons(Time now);

 private:
  enum class State { kStarting, kServing, kStopping };

  Task<std::optional<Unready>> check_store(Time now);
  [[nodiscard]] std::optional<Unready> check_disk() const;
  void check_certificates(std::vector<Unready>& reasons) const;

  const Clock& clock_;
  const ServedCertificates& certificates_;
  const std::filesystem::path folder_;
  CheckStore check_store_;  // set before state_ says so
  std::atomic<State> state_ = State::kStarting;

  std::optional<Time> asked_;  ///< a write is under way since then
  std::optional<Time> answered_;
  std::optional<Unready> answer_;
};

}  // namespace muster::server
