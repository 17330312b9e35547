#pragma once

#include <string>

#include "base/random.h"
#include "hub/azure_link.h"
#include "provisioning/hub_link.h"

namespace muster::hub {

// What HubLink promises, in calls of a hub's service API (hub-api.md 5.2, 5.3). The link outlives the task.

Task<Result<provisioning::PutOutcome>> azure_put(AzureLink& link, provisioning::HubDeviceSpec spec, Random& random);
Task<Result<void>> azure_write_twin(AzureLink& link, std::string device_id, provisioning::InitialTwin twin,
                                    provisioning::HubLink::TwinWrite how);
Task<Result<std::optional<provisioning::DeviceData>>> azure_read_device(AzureLink& link, std::string device_id);
Task<Result<bool>> azure_set_status(AzureLink& link, std::string device_id, provisioning::HubDeviceStatus status);
Task<Result<void>> azure_delete(AzureLink& link, std::string device_id);

}  // namespace muster::hub
