#include "model/registration.h"

namespace muster::model {
namespace {

using boost::json::object;

void add_assignment(object& out, const Registration& record) {
  if (!record.assigned_hub.empty()) out["assignedHub"] = record.assigned_hub;
  if (!record.device_id.empty()) out["deviceId"] = record.device_id;
}

void add_failure(object& out, const Registration& record) {
  out["errorCode"] = record.error_code;
  if (!record.error_message.empty()) out["errorMessage"] = record.error_message;
}

}  // namespace

object to_json(const Registration& record, const boost::json::storage_ptr& storage) {
  object out(storage);
  add_members(out, record);
  return out;
}

void add_members(object& out, const Registration& record) {
  const bool assigned = record.status == RegistrationStatus::kAssigned;
  out["registrationId"] = record.registration_id;
  if (record.status == RegistrationStatus::kUnassigned) {
    out["status"] = to_string(record.status);
    return;
  }
  // A disabled record shows no creation time at Azure either (service-api.md 5).
  if (record.status != RegistrationStatus::kDisabled) out["createdDateTimeUtc"] = format_time(record.created);
  if (assigned) add_assignment(out, record);
  out["status"] = to_string(record.status);
  if (assigned && record.substatus) out["substatus"] = to_string(*record.substatus);
  if (record.status == RegistrationStatus::kFailed) add_failure(out, record);
  out["lastUpdatedDateTimeUtc"] = format_time(record.updated);
  if (!record.etag.empty()) out["etag"] = record.etag;
  if (assigned && record.payload && !record.payload->is_null()) out["payload"] = *record.payload;
}

}  // namespace muster::model
