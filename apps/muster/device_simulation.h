#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "muster/hub_session.h"

namespace muster::cli {

/// What a simulated device does at its hub.
struct SimulationPlan {
  std::string data = {};
  int messages = 0;                  ///< how many to send
  std::chrono::seconds interval{3};  ///< between them
  int method_status = 200;           ///< of every answer
  std::string method_payload = "null";
  int methods = 0;                                    ///< it is done when so many were answered
  std::optional<std::chrono::seconds> duration = {};  ///< after which it ends, done or not

  /// Whether there is anything to be done with; otherwise the device stays for as long as it may.
  [[nodiscard]] bool has_end() const { return messages > 0 || methods > 0; }
};

/// Takes what happens: an object with `event` ("telemetry", "method", "desired", "message") and its facts.
using SimulationLog = std::function<void(const boost::json::object&)>;

/// A device that sends telemetry, answers methods and tells what it gets.
class DeviceSimulation {
 public:
  /// Session, plan and clock outlive it.
  DeviceSimulation(HubSession& session, const SimulationPlan& plan, const Clock& clock, SimulationLog log)
      : session_(session), plan_(plan), clock_(clock), log_(std::move(log)) {}

  /// True: all was done. False: the time was over first. An error is the session's.
  Result<bool> run();

 private:
  [[nodiscard]] bool done() const;
  Result<void> send_what_is_due();
  Result<void> handle(const HubMessage& message);
  /// Until the next thing to do by itself.
  [[nodiscard]] std::chrono::milliseconds pause() const;

  HubSession& session_;
  const SimulationPlan& plan_;
  const Clock& clock_;
  SimulationLog log_;
  TimePoint begun_;
  TimePoint next_message_;
  TimePoint next_ping_;
  int sent_ = 0;
  int answered_ = 0;
  std::set<std::uint16_t> unacknowledged_;
};

}  // namespace muster::cli
