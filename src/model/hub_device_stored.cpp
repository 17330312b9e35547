#include <array>
#include <utility>

#include "base/bytes.h"
#include "model/hub_device.h"
#include "model/json_text.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;

void append_credential(std::string& out, const HubCredential& credential) {
  ObjectText members(out);
  members.put("type", type_of(credential));
  if (const auto* thumbprints = std::get_if<ThumbprintCredential>(&credential)) {
    members.put("primary", thumbprints->primary);
    members.put("secondary", thumbprints->secondary);
  }
}

HubCredential credential_from_json(const MemberReader& reader) {
  const std::string type = reader.required_text("type");
  if (type == "selfSigned") {
    return ThumbprintCredential{reader.text_or_empty("primary"), reader.text_or_empty("secondary")};
  }
  if (type == "certificateAuthority") return AuthorityCredential{};
  if (type == "none") return NoCredential{};
  if (type != "sas") reader.reject("type", "has an unknown value");
  return SasCredential{};
}

/// Twins of older versions have tags and desired properties only.
Result<Twin> stored_twin(const object& stored, TimePoint updated) {
  if (const auto* twin = stored.if_contains("twin"); twin != nullptr && twin->is_object()) {
    return twin_from_stored_json(twin->get_object());
  }
  const auto* tags = stored.if_contains("tags");
  const auto* desired = stored.if_contains("desired");
  if (tags == nullptr || desired == nullptr || !tags->is_object() || !desired->is_object()) {
    return fail(ErrorCode::kInternal, "Stored data is damaged.", "hub device: no twin");
  }
  return make_twin(tags->get_object(), desired->get_object(), updated);
}

std::vector<std::string> stored_texts(const object& stored, std::string_view member) {
  std::vector<std::string> out;
  const auto* found = stored.if_contains(member);
  if (found == nullptr || !found->is_array()) return out;
  for (const auto& item : found->get_array()) {
    if (const auto* text = item.if_string()) out.emplace_back(*text);
  }
  return out;
}

}  // namespace

std::string_view type_of(const HubCredential& credential) {
  constexpr std::array<std::string_view, std::variant_size_v<HubCredential>> kTypes{"sas", "selfSigned",
                                                                                    "certificateAuthority", "none"};
  return kTypes[credential.index()];
}

std::string make_generation_id(TimePoint now) {
  constexpr std::int64_t kTicksPerMicro = 10;
  constexpr std::int64_t kTicksOf1970 = 621'355'968'000'000'000;
  return std::to_string(kTicksOf1970 + to_micros(now) * kTicksPerMicro);
}

std::string make_device_etag(Random& random) {
  constexpr std::uint32_t kLeast = 100'000'000;  // nine digits
  std::array<std::uint8_t, sizeof(std::uint32_t)> octets{};
  random.fill(octets);
  std::uint32_t number = 0;
  for (const std::uint8_t octet : octets) number = number << 8U | octet;
  return to_base64(as_bytes(std::to_string(kLeast + number % (9 * kLeast))));
}

std::string to_stored_text(const HubDevice& device) {
  return object_text([&](ObjectText& out) {
    out.put("hub", device.hub);
    out.put("deviceId", device.device_id);
    append_credential(out.member("credential"), device.credential);
    out.put("enabled", device.enabled);
    out.put("iotEdge", device.iot_edge);
    out.put_unless_empty("statusReason", device.status_reason);
    if (device.status_changed) out.put("statusChanged", to_micros(*device.status_changed));
    out.put_unless_empty("deviceScope", device.device_scope);
    if (!device.parent_scopes.empty()) {
      ArrayText scopes(out.member("parentScopes"));
      for (const std::string& scope : device.parent_scopes) append_json(scopes.element(), scope);
    }
    append_stored(out.member("twin"), device.twin);
    out.put("generationId", device.generation_id);
    out.put("etag", device.etag);
    out.put("created", to_micros(device.created));
    out.put("updated", to_micros(device.updated));
  });
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
  device.status_reason = reader.text_or_empty("statusReason");
  if (reader.has("statusChanged")) device.status_changed = stored_time(reader, "statusChanged");
  device.device_scope = reader.text_or_empty("deviceScope");
  device.parent_scopes = stored_texts(stored, "parentScopes");
  device.generation_id = reader.text_or_empty("generationId");
  device.etag = reader.text_or_empty("etag");
  device.created = stored_time(reader, "created");
  device.updated = stored_time(reader, "updated");
  auto twin = stored_twin(stored, device.updated);
  if (!twin) return std::unexpected(twin.error());
  device.twin = *std::move(twin);
  return unless_damaged(fault, std::move(device), "hub device");
}

}  // namespace muster::model
