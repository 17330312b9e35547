#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/back_off.h"
#include "base/clock.h"
#include "base/pauses.h"
#include "hub/event_log.h"
#include "hub/sink.h"
#include "hub/sink_settings.h"

namespace muster::hub {

/// How a sink is doing; counters are of events unless they say otherwise, and count since the start.
struct SinkHealth {
  std::optional<HubName> hub = {};  ///< none: no hub of that name is served
  std::uint64_t position = 0;       ///< the last event that was dealt with
  std::uint64_t delivered = 0;
  std::uint64_t deliveries = 0;  ///< batches
  std::uint64_t failures = 0;    ///< tries that the receiver did not take, now or for good
  std::uint64_t given_up = 0;    ///< because the receiver refused them for good
  std::uint64_t lost = 0;        ///< dropped by the retention before they were delivered
  std::string trouble = {};      ///< why the last try failed; empty: it did not
};

/// Takes the events of one hub to one target, in their order and each at least once: what it has delivered is its place
/// in the log, which is kept in the store. It holds one page of the log at a time, so a target that is away costs
/// nothing but its place; what the retention drops meanwhile is counted and logged.
///
/// Lifecycle: run() once, on an executor; stop() from any thread ends it soon. health() from any thread.
class SinkRunner {
 public:
  struct Parts {
    store::Store& store;
    EventLog& log;
    SinkTarget& target;
    Pauses& pauses;
    Random& random;
    /// The hub of that host name, none when it is not served.
    std::function<Task<std::optional<HubName>>(std::string)> find_hub;
  };

  SinkRunner(SinkSettings settings, Parts parts);

  Task<bool> run();
  void stop();
  [[nodiscard]] const SinkSettings& settings() const { return settings_; }
  [[nodiscard]] SinkHealth health() const;

 private:
  /// Where it stands: what is kept, or for a new sink the oldest event.
  Task<Result<void>> find_place();
  Task<bool> take_page();
  Task<bool> settle(const std::vector<model::HubEvent>& page, Delivery outcome);
  Task<bool> keep(std::uint64_t position);
  Task<bool> rest(std::string reason, std::optional<std::chrono::seconds> asked);
  void note_lost(const model::HubEvent& next);
  void note_delivered(std::size_t events);
  void give_up(const std::vector<model::HubEvent>& page, const Delivery& outcome);

  const SinkSettings settings_;
  const Parts parts_;
  const std::string consumer_;  ///< in the store; no reader of GET /events can have such a name
  std::optional<HubName> hub_;
  std::uint64_t position_ = 0;
  std::size_t page_events_;
  std::size_t refusals_ = 0;  ///< of the page at `position_`, in a row
  BackOff back_off_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // protects health_
  SinkHealth health_;
};

}  // namespace muster::hub
