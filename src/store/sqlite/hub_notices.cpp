#include "store/sqlite/hub_notices.h"

#include "store/sqlite/hub_events.h"

namespace muster::store::sqlite {

Result<void> HubNotices::changed(const Session& session, const InstanceId& instance, const model::HubDevice* before,
                                 const model::HubDevice& after, model::TwinWrite how) {
  return write(session, instance, after.hub, model::notices_of_change(settings_, before, after, how, clock_.now()));
}

Result<void> HubNotices::removed(const Session& session, const InstanceId& instance, const model::HubDevice& device) {
  return write(session, instance, device.hub, model::notices_of_removal(settings_, device, clock_.now()));
}

Result<void> HubNotices::write(const Session& session, const InstanceId& instance, const std::string& hub,
                               const std::vector<model::HubEvent>& events) {
  if (events.empty()) return {};
  const auto appended = append_hub_events(session, instance, hub, events);
  if (!appended) return std::unexpected(appended.error());
  written_.emplace_back(instance, model::id_key(hub));
  return {};
}

}  // namespace muster::store::sqlite
