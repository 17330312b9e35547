#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "model/enrollment.h"
#include "model/member_reader.h"

namespace muster::model {

// The members of an enrollment that look the same in the API and in the store (service-api.md 3.1).

/// "registrationId" or "enrollmentGroupId".
inline std::string_view id_member(EnrollmentKind kind) {
  return kind == EnrollmentKind::kIndividual ? "registrationId" : "enrollmentGroupId";
}

boost::json::object capabilities_to_json(bool iot_edge, const boost::json::storage_ptr& storage = {});
boost::json::object reprovision_policy_to_json(const ReprovisionPolicy& policy,
                                               const boost::json::storage_ptr& storage = {});
boost::json::object custom_allocation_to_json(const CustomAllocation& allocation,
                                              const boost::json::storage_ptr& storage = {});
boost::json::array iot_hubs_to_json(const std::vector<std::string>& hubs, const boost::json::storage_ptr& storage = {});

/// An enrollment of this kind with deviceId, optionalDeviceInformation, capabilities, iotHubHostName, initialTwin,
/// provisioningStatus, reprovisionPolicy, allocationPolicy, iotHubs and customAllocationDefinition out of `source`;
/// members that the kind does not have are passed over. Reports wrong types and unknown words only: what a request may
/// contain beyond that is checked by check_settings(), which the store does not repeat.
Enrollment read_common_members(EnrollmentKind kind, const MemberReader& source);

}  // namespace muster::model
