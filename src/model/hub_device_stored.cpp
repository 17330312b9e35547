#include "model/hub_device.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;

object credential_to_json(const HubCredential& credential) {
  object out;
  if (const auto* thumbprints = std::get_if<ThumbprintCredential>(&credential)) {
    out["type"] = "selfSigned";
    out["primary"] = thumbprints->primary;
    out["secondary"] = thumbprints->secondary;
  } else {
    out["type"] = "sas";
  }
  return out;
}

HubCredential credential_from_json(const MemberReader& reader) {
  const std::string type = reader.required_text("type");
  if (type == "selfSigned") {
    return ThumbprintCredential{reader.text_or_empty("primary"), reader.text_or_empty("secondary")};
  }
  if (type != "sas") reader.reject("type", "has an unknown value");
  return SasCredential{};
}

object stored_object(const MemberReader& reader, std::string_view member) {
  const object* value = reader.object(member);
  if (value == nullptr) reader.reject(member, "is required");
  return value == nullptr ? object() : *value;
}

}  // namespace

object to_stored_json(const HubDevice& device) {
  object out;
  out["hub"] = device.hub;
  out["deviceId"] = device.device_id;
  out["credential"] = credential_to_json(device.credential);
  out["enabled"] = device.enabled;
  out["iotEdge"] = device.iot_edge;
  out["tags"] = device.tags;
  out["desired"] = device.desired;
  out["generationId"] = device.generation_id;
  out["etag"] = device.etag;
  out["created"] = to_micros(device.created);
  out["updated"] = to_micros(device.updated);
  return out;
}

Result<HubDevice> hub_device_from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  HubDevice device;
  device.hub = reader.text_or_empty("hub");
  device.device_id = reader.text_or_empty("deviceId");
  if (const auto credential = reader.child("credential")) {
    device.credential = credential_from_json(*credential);
  } else {
    reader.reject("credential", "is required");
  }
  device.enabled = reader.required_flag("enabled");
  device.iot_edge = reader.required_flag("iotEdge");
  device.tags = stored_object(reader, "tags");
  device.desired = stored_object(reader, "desired");
  device.generation_id = reader.text_or_empty("generationId");
  device.etag = reader.text_or_empty("etag");
  device.created = stored_time(reader, "created");
  device.updated = stored_time(reader, "updated");
  return unless_damaged(fault, std::move(device), "hub device");
}

}  // namespace muster::model
