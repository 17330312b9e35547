#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// The event logs of the local hubs. Errors as in Store.

Result<std::uint64_t> append_hub_events(const Session& session, const InstanceId& instance, const std::string& hub,
                                        const std::vector<model::HubEvent>& events);
Result<std::vector<model::HubEvent>> read_hub_events(const Session& session, const InstanceId& instance,
                                                     const std::string& hub, std::uint64_t after,
                                                     const HubEventLimit& limit);
Result<std::vector<HubLog>> list_hub_logs(const Session& session);
Result<HubLog> find_hub_log(const Session& session, const InstanceId& instance, const std::string& hub);
/// `most` events in one go.
Result<std::size_t> trim_hub_events(const Session& session, const InstanceId& instance, const std::string& hub,
                                    TimePoint before, std::uint64_t octets, std::size_t most);
Result<std::uint64_t> find_hub_consumer(const Session& session, const InstanceId& instance, const std::string& hub,
                                        const std::string& consumer);
Result<void> put_hub_consumer(const Session& session, const InstanceId& instance, const std::string& hub,
                              const std::string& consumer, std::uint64_t position);

}  // namespace muster::store::sqlite
