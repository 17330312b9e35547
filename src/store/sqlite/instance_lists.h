#pragma once

#include <vector>

#include "model/instance.h"
#include "store/sqlite/session.h"

namespace muster::store::sqlite {

// The lists of an instance that are written as a whole: access policies and linked hubs in
// the given order, policies of hubs. Two
// members of the same name are kConflict; hub names are compared without case. Keys are sealed.

Result<std::vector<model::SharedAccessPolicy>> load_policies(const Session& session, const model::InstanceId& instance);
Result<void> replace_policies(const Session& session, const model::InstanceId& instance,
                              const std::vector<model::SharedAccessPolicy>& policies);

Result<std::vector<model::LinkedHub>> load_hubs(const Session& session, const model::InstanceId& instance);
Result<void> replace_hubs(const Session& session, const model::InstanceId& instance,
                          const std::vector<model::LinkedHub>& hubs);

Result<model::HubPolicies> load_hub_policies(const Session& session, const model::InstanceId& instance);
Result<void> replace_hub_policies(const Session& session, const model::InstanceId& instance,
                                  const model::HubPolicies& policies);

}  // namespace muster::store::sqlite
