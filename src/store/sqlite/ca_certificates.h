#pragma once

#include <vector>

#include "model/instance.h"
#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// The CA certificates of an instance, in the order of their names, which are compared without case. Errors as in Store.

Result<std::vector<model::CaCertificate>> load_certificates(const Session& session, const InstanceId& instance);
Result<void> write_certificate(const Session& session, const InstanceId& instance, const model::CaCertificate& value);
Result<model::CaCertificate> change_certificate(const Session& session, const InstanceId& instance,
                                                const std::string& name, Change<model::CaCertificate>& change);
Result<void> remove_certificate(const Session& session, const InstanceId& instance, const std::string& name,
                                Check<model::CaCertificate>& check);

}  // namespace muster::store::sqlite
