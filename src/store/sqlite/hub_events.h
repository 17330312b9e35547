#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// The event logs of the local hubs. Errors as in Store.

Result<std::uint64_t> append_hub_event(const Session& session, const InstanceId& instance, const std::string& hub,
                                       const model::HubEvent& event);
Result<std::vector<model::HubEvent>> read_hub_events(const Session& session, const InstanceId& instance,
                                                     const std::string& hub, std::uint64_t after, std::size_t limit);
Result<std::size_t> trim_hub_events(const Session& session, TimePoint before, std::size_t limit);
Result<std::uint64_t> find_hub_consumer(const Session& session, const InstanceId& instance, const std::string& hub,
                                        const std::string& consumer);
Result<void> put_hub_consumer(const Session& session, const InstanceId& instance, const std::string& hub,
                              const std::string& consumer, std::uint64_t position);

}  // namespace muster::store::sqlite
