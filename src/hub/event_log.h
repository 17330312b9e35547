#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/thread_executor.h"
#include "base/timers.h"
#include "hub/registry.h"
#include "model/hub_event.h"

namespace muster::hub {

/// The messages of a hub's devices, kept until they are too old, and read by consumers that remember how far they are
/// (hub-api.md 6.3). What comes while others are being written is written together with the next: one statement of the
/// store then carries many messages. Thread-safe.
///
/// Lifecycle: outlives whoever appends and reads; close() lets readers go. Destruction waits for what is being written.
class EventLog {
 public:
  EventLog(store::Store& store, Timers& timers);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Success means that the event is on disk: only then the device may hear that it was taken. Events get their place
  /// in the order in which these tasks are started. kUnavailable when too much waits for the disk.
  Task<Result<void>> append(HubName hub, model::HubEvent event);

  /// As append(), for what nobody waits for. A failure is logged.
  void tell(const HubName& hub, model::HubEvent event);

  struct Reading {
    std::string consumer = {};                ///< empty: nobody whose place is kept
    std::optional<std::uint64_t> after = {};  ///< also keeps this place; absent: from the place that is kept
    store::HubEventLimit limit = {};
    std::chrono::milliseconds wait{0};  ///< for the first event, when there is none
  };
  Task<Result<std::vector<model::HubEvent>>> read(HubName hub, Reading reading);

  /// For what was written past this log: who waits for the hub's events looks again.
  void look_again(const HubName& hub) { wake(key_of(hub)); }

  /// Nobody waits any more, now and later: the service ends.
  void close();

 private:
  using Key = std::pair<model::InstanceId, std::string>;
  struct Waiter {
    std::move_only_function<void(bool)> resume;
    Timers::Id timer = {};
  };
  struct Newcomer {
    model::HubEvent event;
    std::move_only_function<void(Result<void>)> answer;
  };
  /// What is to be written for one hub; one batch of it at a time.
  struct Lane {
    std::vector<Newcomer> waiting;
    std::size_t octets = 0;
    bool writing = false;
  };

  /// False: there is no room.
  bool enter(const HubName& hub, Newcomer& newcomer);
  Task<bool> write_lane(HubName hub);
  std::vector<Newcomer> take_batch(const HubName& hub);
  /// True: something may have come; false: the time is over.
  Task<bool> wait(HubName hub, std::uint64_t seen, std::chrono::milliseconds at_most);
  void wake(const Key& key);
  void let_go(const Key& key, std::uint64_t number);

  static Key key_of(const HubName& hub) { return {hub.instance, hub.host}; }

  store::Store& store_;
  Timers& timers_;
  std::mutex mutex_;                       // protects everything below but executor_
  std::map<Key, std::uint64_t> appended_;  ///< how many times, since the start
  std::map<Key, std::map<std::uint64_t, Waiter>> waiters_;
  std::uint64_t last_waiter_ = 0;
  std::map<Key, Lane> lanes_;
  std::size_t writing_ = 0;  ///< lanes
  std::condition_variable written_;
  bool closed_ = false;

  ThreadExecutor executor_;  // last: what is being written goes on there
};

}  // namespace muster::hub
