#include "model/enrollment_json.h"
#include "model/enrollment_members.h"

namespace muster::model {

boost::json::object to_json(const Enrollment& enrollment, EnrollmentView view) {
  boost::json::object out;
  out[id_member(enrollment.kind)] = enrollment.id;
  if (!enrollment.device_id.empty()) out["deviceId"] = enrollment.device_id;
  if (enrollment.device_information) out["optionalDeviceInformation"] = *enrollment.device_information;
  out["attestation"] = attestation_to_json(enrollment.attestation, view);
  if (enrollment.iot_edge) out["capabilities"] = capabilities_to_json(*enrollment.iot_edge);
  if (!enrollment.iot_hub_host_name.empty()) out["iotHubHostName"] = enrollment.iot_hub_host_name;
  if (enrollment.initial_twin) out["initialTwin"] = *enrollment.initial_twin;
  if (!enrollment.etag.empty()) out["etag"] = enrollment.etag;
  out["provisioningStatus"] = to_string(enrollment.status);
  if (const auto& policy = enrollment.reprovision_policy)
    out["reprovisionPolicy"] = reprovision_policy_to_json(*policy);
  out["createdDateTimeUtc"] = format_time(enrollment.created);
  out["lastUpdatedDateTimeUtc"] = format_time(enrollment.updated);
  if (enrollment.allocation_policy) out["allocationPolicy"] = to_string(*enrollment.allocation_policy);
  if (enrollment.iot_hubs) out["iotHubs"] = iot_hubs_to_json(*enrollment.iot_hubs);
  if (const auto& custom = enrollment.custom_allocation) {
    out["customAllocationDefinition"] = custom_allocation_to_json(*custom);
  }
  for (const auto& [name, value] : enrollment.preview_members) out[name] = value;
  return out;
}

}  // namespace muster::model
