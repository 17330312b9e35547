#pragma once

#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// Individual enrollments and groups. Errors as in Store; ids are compared without case.

Result<std::optional<Enrollment>> find_enrollment(const Session& session, const InstanceId& instance,
                                                  EnrollmentKind kind, const std::string& id);
Result<std::vector<std::optional<Enrollment>>> find_enrollments(const Session& session, const InstanceId& instance,
                                                                EnrollmentKind kind,
                                                                const std::vector<std::string>& ids);
Result<Enrollment> change_enrollment(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                                     const std::string& id, Change<Enrollment>& change);
Result<void> remove_enrollment(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                               const std::string& id, Check<Enrollment>& check);
Result<Page<Enrollment>> list_enrollments(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                                          const std::string& after, std::size_t limit);
Result<std::vector<SymmetricGroup>> load_symmetric_groups(const Session& session, const InstanceId& instance);

}  // namespace muster::store::sqlite
