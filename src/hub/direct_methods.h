#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/task.h"
#include "base/timers.h"
#include "hub/hub_counters.h"
#include "hub/live_devices.h"

namespace muster::hub {

struct MethodCall {
  std::string name;
  std::string payload = "null";  ///< JSON; never empty, which some clients cannot read (hub-api.md 1.6)
  std::chrono::milliseconds response_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds connect_timeout{0};  ///< how long a device that is away is waited for
};

struct MethodAnswer {
  int status = 0;       ///< the device's own
  std::string payload;  ///< what it sent; empty: nothing
};

enum class MethodFault {
  kOffline,  ///< not connected, or does not listen to methods
  kTimeout,  ///< no answer in time
};

/// Calls methods of devices and waits for what they answer (hub-api.md 1.6). Thread-safe; every call that was begun is
/// answered, at the latest when its time is over or this is destroyed.
class DirectMethods final : public ReadyObserver {
 public:
  /// Devices are told through `devices`; all outlive this, and `counters` also who waits for a call.
  DirectMethods(LiveDevices& devices, Timers& timers, AllHubCounters& counters)
      : devices_(devices), timers_(timers), counters_(counters) {}
  ~DirectMethods() override;
  DirectMethods(const DirectMethods&) = delete;
  DirectMethods& operator=(const DirectMethods&) = delete;

  using Outcome = std::expected<MethodAnswer, MethodFault>;
  Task<Outcome> invoke(HubName hub, std::string device_id, MethodCall call);

  /// Answers every call under way as if its time were over: before the end of the process, for those who wait for them.
  void abandon();

  /// A device answers. False: nobody waits for it (any more).
  bool answered(const HubName& hub, const std::string& device_id, const std::string& request_id, MethodAnswer answer);
  void ready_for_methods(const HubName& hub, const std::string& device_id) override;

 private:
  struct Pending {
    HubName hub;
    std::string device_id;
    MethodCall call;
    bool sent = false;
    std::move_only_function<void(Outcome)> complete;
    Timers::Id timer = {};
  };

  void begin(Pending pending);
  bool try_to_send(const std::string& request_id);
  void wait_for_device(const std::string& request_id);
  void mark_waiting(const std::string& request_id);
  void finish(const std::string& request_id, Outcome outcome);
  Timers::Id expire(const std::string& request_id, std::chrono::milliseconds after, MethodFault fault);

  LiveDevices& devices_;
  Timers& timers_;
  AllHubCounters& counters_;
  std::mutex mutex_;                        // protects everything below
  std::map<std::string, Pending> pending_;  ///< by request id
  std::uint64_t last_ = 0;
};

}  // namespace muster::hub
