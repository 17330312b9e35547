#include "model/enrollment.h"

#include "model/names.h"

namespace muster::model {

std::string_view to_string(EnrollmentKind kind) {
  return name_of(kEnrollmentKindNames, kind);
}

std::string_view to_string(ProvisioningStatus status) {
  return name_of(kProvisioningStatusNames, status);
}

std::string_view to_string(AllocationPolicy policy) {
  return name_of(kAllocationPolicyNames, policy);
}

std::optional<AllocationPolicy> parse_allocation_policy(std::string_view text) {
  return value_named(kAllocationPolicyNames, text);
}

}  // namespace muster::model
