#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// Messages that wait at the local hubs for their devices. Errors as in Store.

Result<void> add_hub_message(const Session& session, const InstanceId& instance, const std::string& hub,
                             model::HubMessage message, std::size_t most);
/// Whether take_hub_messages() would find any, or end any.
Result<bool> has_hub_messages(const Session& session, const HubDeviceKey& device, std::uint64_t after);
Result<HubMessageBatch> take_hub_messages(const Session& session, const HubDeviceKey& device,
                                          const HubMessageOrder& order);
Result<HubMessagesEnded> end_hub_messages(const Session& session, const HubDeviceKey& device,
                                          std::optional<std::uint64_t> number, model::MessageOutcome outcome,
                                          TimePoint now);
/// Of at most so many messages.
Result<std::vector<HubDeviceKey>> expire_hub_messages(const Session& session, TimePoint now, std::size_t most);
/// The device is gone: nobody hears of its messages, and numbers begin anew.
Result<void> forget_hub_messages(const Session& session, const HubDeviceKey& device);

}  // namespace muster::store::sqlite
