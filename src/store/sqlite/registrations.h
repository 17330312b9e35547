#pragma once

#include <optional>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// Registration records. Errors as in Store; ids are compared without case.

/// Names a record among those of all instances.
std::string record_key(const InstanceId& instance, std::string_view registration_id);

Result<std::optional<model::Registration>> find_registration(const Session& session, const InstanceId& instance,
                                                             const std::string& registration_id);
Result<void> write_registration(const Session& session, const InstanceId& instance, const model::Registration& record);
/// Also closes the device's open operation: its result must not bring the record back.
Result<void> remove_registration(const Session& session, const InstanceId& instance, const std::string& registration_id,
                                 Check<model::Registration>& check);
/// As above for the end of an individual enrollment. A record whose last registration went through a group
/// belongs to that group and stays.
Result<void> remove_individual_registration(const Session& session, const InstanceId& instance,
                                            const std::string& registration_id);
Result<Page<model::Registration>> list_group_registrations(const Session& session, const InstanceId& instance,
                                                           const std::string& group, const std::string& after,
                                                           std::size_t limit);

}  // namespace muster::store::sqlite
