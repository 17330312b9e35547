#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "model/attestation.h"

namespace muster::model {

/// Individual enrollments and groups have separate name spaces.
enum class EnrollmentKind { kIndividual, kGroup };

enum class ProvisioningStatus { kEnabled, kDisabled };

enum class AllocationPolicy { kHashed, kGeoLatency, kStatic, kCustom };

/// What happens to a device that registers again (semantics.md section 9).
struct ReprovisionPolicy {
  bool update_hub_assignment = true;
  bool migrate_device_data = true;

  bool operator==(const ReprovisionPolicy&) const = default;
};

struct CustomAllocation {
  std::string webhook_url;
  std::string api_version;

  bool operator==(const CustomAllocation&) const = default;
};

/// An entry that lets devices in: one device (kIndividual) or all that share an attestation (kGroup).
/// Members that only one kind has stay empty in the other.
struct Enrollment {
  EnrollmentKind kind = EnrollmentKind::kIndividual;
  std::string id;         ///< registrationId or enrollmentGroupId, spelling as given; compared by id_key()
  std::string device_id;  ///< individual only; empty: the registration id (R-020)
  Attestation attestation;
  ProvisioningStatus status = ProvisioningStatus::kEnabled;

  std::optional<AllocationPolicy> allocation_policy;  ///< overrides the instance's (R-084)
  std::optional<std::vector<std::string>> iot_hubs;   ///< limits the choice; absent or empty: all linked hubs (R-081)
  std::string iot_hub_host_name;                      ///< legacy single hub (R-092)
  std::optional<CustomAllocation> custom_allocation;
  std::optional<ReprovisionPolicy> reprovision_policy;
  std::optional<bool> iot_edge;                           ///< `capabilities.iotEdge`
  std::optional<boost::json::object> initial_twin;        ///< echoed as given
  std::optional<boost::json::object> device_information;  ///< `optionalDeviceInformation`, individual only
  boost::json::object preview_members;  ///< members of preview api-versions, stored and echoed (service-api.md 2.1)

  std::string etag;
  TimePoint created;
  TimePoint updated;

  bool operator==(const Enrollment&) const = default;
};

std::string_view to_string(EnrollmentKind kind);        ///< "individual", "group"
std::string_view to_string(ProvisioningStatus status);  ///< "enabled", "disabled"
std::string_view to_string(AllocationPolicy policy);    ///< "hashed", "geoLatency", "static", "custom"
/// Any letter case (service-api.md 3.1).
std::optional<AllocationPolicy> parse_allocation_policy(std::string_view text);

}  // namespace muster::model
