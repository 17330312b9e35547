#include "model/names.h"
#include "model/registration.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;

constexpr std::size_t kMostMembers = 14;

std::optional<boost::json::value> stored_payload(const object& stored) {
  const auto* payload = stored.if_contains("payload");
  if (payload == nullptr) return std::nullopt;
  return *payload;
}

}  // namespace

object to_stored_json(const Registration& record, const boost::json::storage_ptr& storage) {
  object out(storage);
  out.reserve(kMostMembers);
  out["registrationId"] = record.registration_id;
  out["status"] = to_string(record.status);
  if (record.substatus) out["substatus"] = to_string(*record.substatus);
  out["assignedHub"] = record.assigned_hub;
  out["deviceId"] = record.device_id;
  out["errorCode"] = record.error_code;
  out["errorMessage"] = record.error_message;
  if (record.payload) out["payload"] = *record.payload;
  out["enrollmentKind"] = to_string(record.enrollment_kind);
  out["enrollmentId"] = record.enrollment_id;
  out["attestation"] = record.attestation;
  out["etag"] = record.etag;
  out["created"] = to_micros(record.created);
  out["updated"] = to_micros(record.updated);
  return out;
}

Result<Registration> registration_from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  Registration record;
  record.registration_id = reader.text_or_empty("registrationId");
  record.status = stored_name(reader, "status", kRegistrationStatusNames);
  if (reader.has("substatus")) record.substatus = stored_name(reader, "substatus", kSubstatusNames);
  record.assigned_hub = reader.text_or_empty("assignedHub");
  record.device_id = reader.text_or_empty("deviceId");
  const std::int64_t error_code = reader.required_number("errorCode");
  if (!std::in_range<int>(error_code)) reader.reject("errorCode", "is out of range");
  record.error_code = static_cast<int>(error_code);
  record.error_message = reader.text_or_empty("errorMessage");
  record.payload = stored_payload(stored);
  record.enrollment_kind = stored_name(reader, "enrollmentKind", kEnrollmentKindNames);
  record.enrollment_id = reader.text_or_empty("enrollmentId");
  record.attestation = reader.text_or_empty("attestation");
  record.etag = reader.text_or_empty("etag");
  record.created = stored_time(reader, "created");
  record.updated = stored_time(reader, "updated");
  return unless_damaged(fault, std::move(record), "registration");
}

object to_stored_json(const Operation& operation, const boost::json::storage_ptr& storage) {
  object out(storage);
  out.reserve(kMostMembers);
  out["id"] = operation.id;
  out["registrationId"] = operation.registration_id;
  out["enrollmentKind"] = to_string(operation.enrollment_kind);
  out["enrollmentId"] = operation.enrollment_id;
  out["attestation"] = operation.attestation;
  out["thumbprint"] = operation.thumbprint;
  if (!operation.challenge.empty()) out["challenge"] = operation.challenge;
  out["apiVersion"] = operation.api_version;
  if (operation.payload) out["payload"] = *operation.payload;
  if (operation.certificate) out["certificate"] = *operation.certificate;
  out["trackingId"] = operation.tracking_id;
  if (!operation.peer_address.empty()) out["peer"] = operation.peer_address;
  out["open"] = operation.open;
  out["begun"] = to_micros(operation.begun);
  return out;
}

Result<Operation> operation_from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  Operation operation;
  operation.id = reader.text_or_empty("id");
  operation.registration_id = reader.text_or_empty("registrationId");
  operation.enrollment_kind = stored_name(reader, "enrollmentKind", kEnrollmentKindNames);
  operation.enrollment_id = reader.text_or_empty("enrollmentId");
  operation.attestation = reader.text_or_empty("attestation");
  operation.thumbprint = reader.text_or_empty("thumbprint");
  operation.challenge = reader.text_or_empty("challenge");
  operation.api_version = reader.text_or_empty("apiVersion");
  operation.payload = stored_payload(stored);
  if (const auto* certificate = stored.if_contains("certificate"); certificate != nullptr && certificate->is_object()) {
    operation.certificate = certificate->get_object();
  }
  operation.tracking_id = reader.text_or_empty("trackingId");
  operation.peer_address = reader.text_or_empty("peer");
  operation.open = reader.required_flag("open");
  operation.begun = stored_time(reader, "begun");
  return unless_damaged(fault, std::move(operation), "operation");
}

}  // namespace muster::model
