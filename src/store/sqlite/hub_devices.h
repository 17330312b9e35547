#pragma once

#include <optional>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// The device registry of the local hubs. Hub names are compared without case, device ids with case (hub-api.md 5.1).
// Errors as in Store.

Result<std::optional<model::HubDevice>> find_hub_device(const Session& session, const InstanceId& instance,
                                                        const std::string& hub, const std::string& device_id);
Result<model::HubDevice> change_hub_device(const Session& session, const InstanceId& instance, const std::string& hub,
                                           const std::string& device_id, Change<model::HubDevice>& change,
                                           model::TwinWrite how = model::TwinWrite::kMerge);
/// Also takes the device from the hub that it leaves.
Result<void> apply_device_change(const Session& session, const InstanceId& instance, HubDeviceChange& change);
Result<Page<model::HubDevice>> list_hub_devices(const Session& session, const InstanceId& instance,
                                                const std::string& hub, const std::string& after, std::size_t limit);
Result<HubDeviceCount> count_hub_devices(const Session& session, const InstanceId& instance, const std::string& hub);
Result<void> remove_hub_device(const Session& session, const InstanceId& instance, const std::string& hub,
                               const std::string& device_id, Check<model::HubDevice>& check);

}  // namespace muster::store::sqlite
