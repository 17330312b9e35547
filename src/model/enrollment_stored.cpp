#include "model/attestation_stored.h"
#include "model/enrollment_json.h"
#include "model/enrollment_members.h"
#include "model/names.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;

Attestation stored_attestation(const MemberReader& stored) {
  const auto attestation = stored.child("attestation");
  if (attestation) return attestation_from_stored_json(*attestation);
  stored.reject("attestation", "is required");
  return {};
}

}  // namespace

object to_stored_json(const Enrollment& enrollment, const boost::json::storage_ptr& storage) {
  constexpr std::size_t kMembers = 16;
  object out(kMembers, storage);
  out["kind"] = to_string(enrollment.kind);
  out["id"] = enrollment.id;
  if (!enrollment.device_id.empty()) out["deviceId"] = enrollment.device_id;
  if (enrollment.device_information) out["optionalDeviceInformation"] = *enrollment.device_information;
  out["attestation"] = attestation_to_stored_json(enrollment.attestation, storage);
  if (enrollment.iot_edge) out["capabilities"] = capabilities_to_json(*enrollment.iot_edge, storage);
  if (!enrollment.iot_hub_host_name.empty()) out["iotHubHostName"] = enrollment.iot_hub_host_name;
  if (enrollment.initial_twin) out["initialTwin"] = *enrollment.initial_twin;
  out["provisioningStatus"] = to_string(enrollment.status);
  if (const auto& policy = enrollment.reprovision_policy)
    out["reprovisionPolicy"] = reprovision_policy_to_json(*policy, storage);
  if (enrollment.allocation_policy) out["allocationPolicy"] = to_string(*enrollment.allocation_policy);
  if (enrollment.iot_hubs) out["iotHubs"] = iot_hubs_to_json(*enrollment.iot_hubs, storage);
  if (const auto& custom = enrollment.custom_allocation) {
    out["customAllocationDefinition"] = custom_allocation_to_json(*custom, storage);
  }
  if (!enrollment.preview_members.empty()) out["preview"] = enrollment.preview_members;
  out["etag"] = enrollment.etag;
  out["created"] = to_micros(enrollment.created);
  out["updated"] = to_micros(enrollment.updated);
  return out;
}

Result<Enrollment> from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  Enrollment out = read_common_members(stored_name(reader, "kind", kEnrollmentKindNames), reader);
  out.id = reader.required_text("id");
  out.attestation = stored_attestation(reader);
  if (const object* preview = reader.object("preview")) out.preview_members = *preview;
  out.etag = reader.text_or_empty("etag");
  out.created = stored_time(reader, "created");
  out.updated = stored_time(reader, "updated");
  return unless_damaged(fault, std::move(out), "enrollment");
}

}  // namespace muster::model
