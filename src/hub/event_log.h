#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/timers.h"
#include "hub/registry.h"
#include "model/hub_event.h"

namespace muster::hub {

/// The messages of a hub's devices, kept until they are too old, and read by consumers that remember how far they are
/// (hub-api.md 6.3). Thread-safe. Readers that wait are let go when this is destroyed.
class EventLog {
 public:
  EventLog(store::Store& store, Timers& timers) : store_(store), timers_(timers) {}
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Success means that the event is on disk: only then the device may hear that it was taken.
  Task<Result<void>> append(HubName hub, model::HubEvent event);

  struct Reading {
    std::string consumer = {};                ///< empty: nobody whose place is kept
    std::optional<std::uint64_t> after = {};  ///< also keeps this place; absent: from the place that is kept
    std::size_t limit = 100;
    std::chrono::milliseconds wait{0};  ///< for the first event, when there is none
  };
  Task<Result<std::vector<model::HubEvent>>> read(HubName hub, Reading reading);

 private:
  using Key = std::pair<model::InstanceId, std::string>;
  struct Waiter {
    std::move_only_function<void(bool)> resume;
    Timers::Id timer = {};
  };

  /// True: something may have come; false: the time is over.
  Task<bool> wait(HubName hub, std::uint64_t seen, std::chrono::milliseconds at_most);
  void wake(const HubName& hub);
  void let_go(const Key& key, std::uint64_t number);

  store::Store& store_;
  Timers& timers_;
  std::mutex mutex_;                       // protects everything below
  std::map<Key, std::uint64_t> appended_;  ///< how many times, since the start
  std::map<Key, std::map<std::uint64_t, Waiter>> waiters_;
  std::uint64_t last_waiter_ = 0;
};

}  // namespace muster::hub
