#include "model/json_text.h"
#include "model/names.h"
#include "model/registration.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;

std::optional<boost::json::value> stored_payload(const object& stored) {
  const auto* payload = stored.if_contains("payload");
  if (payload == nullptr) return std::nullopt;
  return *payload;
}

}  // namespace

std::string to_stored_text(const Registration& record) {
  return object_text([&](ObjectText& out) {
    out.put("registrationId", record.registration_id);
    out.put("status", to_string(record.status));
    if (record.substatus) out.put("substatus", to_string(*record.substatus));
    out.put("assignedHub", record.assigned_hub);
    out.put("deviceId", record.device_id);
    out.put("errorCode", record.error_code);
    out.put("errorMessage", record.error_message);
    if (record.payload) append_value(out.member("payload"), *record.payload);
    out.put("enrollmentKind", to_string(record.enrollment_kind));
    out.put("enrollmentId", record.enrollment_id);
    out.put("attestation", record.attestation);
    out.put("etag", record.etag);
    out.put("created", to_micros(record.created));
    out.put("updated", to_micros(record.updated));
  });
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

std::string to_stored_text(const Operation& operation) {
  return object_text([&](ObjectText& out) {
    out.put("id", operation.id);
    out.put("registrationId", operation.registration_id);
    out.put("enrollmentKind", to_string(operation.enrollment_kind));
    out.put("enrollmentId", operation.enrollment_id);
    out.put("attestation", operation.attestation);
    out.put("thumbprint", operation.thumbprint);
    out.put_unless_empty("challenge", operation.challenge);
    out.put("apiVersion", operation.api_version);
    if (operation.payload) append_value(out.member("payload"), *operation.payload);
    if (operation.certificate) append_value(out.member("certificate"), *operation.certificate);
    out.put("trackingId", operation.tracking_id);
    out.put_unless_empty("peer", operation.peer_address);
    out.put("open", operation.open);
    out.put("begun", to_micros(operation.begun));
  });
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
