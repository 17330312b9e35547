#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "model/hub_job.h"
#include "model/named_value.h"

namespace muster::hub {

/// What a device that connects is told (hub-api.md 2.3).
enum class ConnectResult {
  kAccepted,
  kRefused,      ///< it is not let in
  kThrottled,    ///< it comes too often
  kUnavailable,  ///< it is to come again: the store did not answer, or the device was changed meanwhile
};
inline constexpr std::array kConnectResultNames{
    model::NamedValue<ConnectResult>{ConnectResult::kAccepted, "accepted"},
    model::NamedValue<ConnectResult>{ConnectResult::kRefused, "refused"},
    model::NamedValue<ConnectResult>{ConnectResult::kThrottled, "throttled"},
    model::NamedValue<ConnectResult>{ConnectResult::kUnavailable, "unavailable"},
};

enum class TakeOverResult { kDone, kThrottled };
inline constexpr std::array kTakeOverResultNames{
    model::NamedValue<TakeOverResult>{TakeOverResult::kDone, "done"},
    model::NamedValue<TakeOverResult>{TakeOverResult::kThrottled, "throttled"},
};

enum class MethodResult { kAnswered, kTimeout, kOffline };
inline constexpr std::array kMethodResultNames{
    model::NamedValue<MethodResult>{MethodResult::kAnswered, "answered"},
    model::NamedValue<MethodResult>{MethodResult::kTimeout, "timeout"},
    model::NamedValue<MethodResult>{MethodResult::kOffline, "offline"},
};

/// Numbers by the values of a table of names, whose enumerators count from 0 in its order. Thread-safe.
template <const auto& kNames>
class Tally {
 public:
  using Value = decltype(kNames[0].value);

  void add(Value value, std::uint64_t count = 1) { at(value).fetch_add(count, std::memory_order_relaxed); }
  void remove(Value value) { at(value).fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t of(Value value) const {
    return counts_[static_cast<std::size_t>(value)].load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t>& at(Value value) { return counts_[static_cast<std::size_t>(value)]; }

  std::array<std::atomic<std::uint64_t>, kNames.size()> counts_{};
};

/// What has happened at one hub since the start of the process. Thread-safe.
struct HubCounters {
  std::atomic<std::uint64_t> connections = 0;  ///< open now
  Tally<kConnectResultNames> connects;
  Tally<kTakeOverResultNames> take_overs;
  std::atomic<std::uint64_t> messages = 0;  ///< of devices, whether they could be kept or not
  Tally<kMethodResultNames> methods;
  Tally<model::kJobStatusNames> jobs;  ///< in this state now
  Tally<model::kJobStatusNames> ended_jobs;
  Tally<model::kDeviceJobStatusNames> job_devices;  ///< that jobs are done with
};

/// Those of all hubs that are served here. What belongs to no hub is counted under the empty name. Thread-safe.
class AllHubCounters {
 public:
  /// Stays for as long as this does. `hub` in the case of its key.
  HubCounters& of(const std::string& hub);
  /// In the order of names.
  [[nodiscard]] std::vector<std::pair<std::string, const HubCounters*>> all() const;

 private:
  mutable std::mutex mutex_;  // protects hubs_
  std::map<std::string, std::unique_ptr<HubCounters>> hubs_;
};

}  // namespace muster::hub
