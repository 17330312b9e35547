#pragma once

#include <vector>

#include "model/instance.h"
#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// Instances with their policies and linked hubs. Errors as in Store; everything that reads several rows expects an open
// transaction.

Result<std::vector<model::Instance>> list_instances(const Session& session);
Result<model::InstanceConfig> load_config(const Session& session, const InstanceId& instance);
Result<void> create_instance(const Session& session, const model::InstanceConfig& config);
Result<void> change_instance(const Session& session, const InstanceId& instance, Change<model::InstanceConfig>& change);

}  // namespace muster::store::sqlite
