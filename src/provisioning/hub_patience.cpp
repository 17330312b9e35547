#include "provisioning/hub_patience.h"

#include <utility>

namespace muster::provisioning {

void HubPatience::goes_to(const std::string& operation_id, const model::LinkedHub& hub) {
  const std::scoped_lock lock(mutex_);
  waiting_[operation_id].hub = hub;
}

HubPatience::Failure HubPatience::failed(const model::InstanceId& instance, const model::Operation& operation,
                                         const Error& why, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  Waiting& waiting = waiting_[operation.id];
  const bool known = std::exchange(waiting.why, why) == why && waiting.failing_since;
  if (!waiting.failing_since) {
    waiting.failing_since = now;
    waiting.instance = instance;
    waiting.operation = operation;
  }
  if (now - *waiting.failing_since >= patience_) return Failure::kTooLong;
  return known ? Failure::kKnown : Failure::kNew;
}

void HubPatience::ended(const std::string& operation_id) {
  const std::scoped_lock lock(mutex_);
  waiting_.erase(operation_id);
}

std::optional<model::LinkedHub> HubPatience::hub_of(const std::string& operation_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = waiting_.find(operation_id);
  return found == waiting_.end() ? std::nullopt : found->second.hub;
}

std::vector<HubPatience::Failing> HubPatience::failing(TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Failing> out;
  for (const auto& [id, waiting] : waiting_) {
    if (!waiting.failing_since) continue;
    out.push_back({waiting.instance, waiting.operation, waiting.hub, now - *waiting.failing_since >= patience_});
  }
  return out;
}

}  // namespace muster::provisioning
