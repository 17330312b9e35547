#pragma once

#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// Devices left at hubs that are not served here. Hub names are compared without case, device ids with case
// (hub-api.md 5.1). Errors and meaning as in Store.

Result<bool> note_hub_leftover(const Session& session, const InstanceId& instance, const HubLeftover& leftover);
Result<std::vector<HubLeftover>> list_hub_leftovers(const Session& session, const InstanceId& instance,
                                                    const std::string& hub, const std::string& after,
                                                    std::size_t limit);
Result<std::uint64_t> count_hub_leftovers(const Session& session, const InstanceId& instance, const std::string& hub);
Result<void> drop_hub_leftover(const Session& session, const InstanceId& instance, const std::string& hub,
                               const std::string& device_id);

}  // namespace muster::store::sqlite
