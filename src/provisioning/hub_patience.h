#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/instance.h"
#include "model/registration.h"

namespace muster::provisioning {

/// Operations that a hub keeps waiting: which hub it is, and since when it fails them. Thread-safe.
class HubPatience {
 public:
  /// How long an operation may fail before it is given up (hub-api.md 5.4).
  explicit HubPatience(std::chrono::seconds patience) : patience_(patience) {}

  /// The operation is on its way to this hub.
  void goes_to(const std::string& operation_id, const model::LinkedHub& hub);
  enum class Failure { kNew, kKnown, kTooLong };
  /// It failed for a reason that may pass: another one than the last time, the same again, or for too long by now.
  Failure failed(const model::InstanceId& instance, const model::Operation& operation, const Error& why, TimePoint now);
  /// It is over, one way or another.
  void ended(const std::string& operation_id);

  [[nodiscard]] std::optional<model::LinkedHub> hub_of(const std::string& operation_id) const;
  /// An operation that failed and has not ended.
  struct Failing {
    model::InstanceId instance;
    model::Operation operation;
    std::optional<model::LinkedHub> hub;
    bool too_long = false;
  };
  [[nodiscard]] std::vector<Failing> failing(TimePoint now) const;

 private:
  struct Waiting {
    std::optional<model::LinkedHub> hub;
    std::optional<TimePoint> failing_since;
    Error why;
    model::InstanceId instance;
    model::Operation operation;
  };

  const std::chrono::seconds patience_;
  mutable std::mutex mutex_;  // protects waiting_
  std::map<std::string, Waiting> waiting_;
};

}  // namespace muster::provisioning
