#include "hub/identity_json.h"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "model/ids.h"
#include "model/member_reader.h"

namespace muster::hub {
namespace {

namespace json = boost::json;
using model::AuthorityCredential;
using model::HubCredential;
using model::HubDevice;
using model::MemberReader;
using model::NoCredential;
using model::SasCredential;
using model::ThumbprintCredential;

constexpr std::size_t kMinKey = 16;  // octets (hub-api.md 1.2)
constexpr std::size_t kMaxKey = 64;
constexpr std::size_t kGeneratedKey = 32;
constexpr std::size_t kLongestReason = 128;
constexpr std::size_t kSha1Digits = 40;
constexpr std::size_t kSha256Digits = 64;

/// Of what never happened (hub-api.md 1.3); twins leave out the zone.
std::string time_or_never(const std::optional<TimePoint>& time) {
  return time ? format_time(*time) : "0001-01-01T00:00:00Z";
}
std::string twin_time(const std::optional<TimePoint>& time) {
  return time ? format_time(*time) : "0001-01-01T00:00:00";
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object thumbprints_to_json(const HubCredential& credential) {
  const auto* thumbprints = std::get_if<ThumbprintCredential>(&credential);
  return {{"primaryThumbprint", text_or_null(thumbprints == nullptr ? "" : thumbprints->primary)},
          {"secondaryThumbprint", text_or_null(thumbprints == nullptr ? "" : thumbprints->secondary)}};
}

json::object keys_to_json(const HubCredential& credential) {
  const auto* keys = std::get_if<SasCredential>(&credential);
  const auto text = [](const SecretBytes& key) { return key.empty() ? std::string() : to_base64(key.reveal()); };
  return {{"primaryKey", text_or_null(keys == nullptr ? "" : text(keys->primary))},
          {"secondaryKey", text_or_null(keys == nullptr ? "" : text(keys->secondary))}};
}

void add_scopes(json::object& out, const HubDevice& device) {
  if (!device.device_scope.empty()) out["deviceScope"] = device.device_scope;
  if (!device.parent_scopes.empty()) {
    out["parentScopes"] = json::array(device.parent_scopes.begin(), device.parent_scopes.end());
  }
}

SasCredential new_keys(Random& random) {
  return {SecretBytes(random.bytes(kGeneratedKey)), SecretBytes(random.bytes(kGeneratedKey))};
}

/// Neither may be missing alone (hub-api.md 1.3).
HubCredential read_keys(const MemberReader& authentication, Random& random) {
  const auto keys = authentication.child("symmetricKey");
  const auto key = [&](std::string_view member) {
    const std::string text = keys ? keys->text_or_empty(member) : "";
    if (text.empty()) return SecretBytes();
    auto octets = from_base64(text);
    if (!octets || octets->size() < kMinKey || octets->size() > kMaxKey) {
      keys->reject(member, fmt::format("must be base64 of {} to {} octets", kMinKey, kMaxKey));
      return SecretBytes();
    }
    return SecretBytes(*std::move(octets));
  };
  SasCredential out{key("primaryKey"), key("secondaryKey")};
  if (out.primary.empty() != out.secondary.empty()) {
    authentication.reject("symmetricKey", "must have both keys, or neither for new ones");
  }
  if (out.primary.empty()) return new_keys(random);
  return out;
}

HubCredential read_thumbprints(const MemberReader& authentication) {
  const auto thumbprints = authentication.child("x509Thumbprint");
  const auto thumbprint = [&](std::string_view member) {
    std::string text = to_upper(thumbprints ? thumbprints->text_or_empty(member) : "");
    const bool sized = text.empty() || text.size() == kSha1Digits || text.size() == kSha256Digits;
    if (!sized || !from_hex(text)) {
      thumbprints->reject(member, "must be 40 or 64 hexadecimal digits: SHA-1 or SHA-256");
    }
    return text;
  };
  ThumbprintCredential out{thumbprint("primaryThumbprint"), thumbprint("secondaryThumbprint")};
  if (out.primary.empty() && out.secondary.empty()) {
    authentication.reject("x509Thumbprint", "must have a thumbprint");
  }
  if (!out.primary.empty() && !out.secondary.empty() && out.primary.size() != out.secondary.size()) {
    authentication.reject("x509Thumbprint", "must have two of the same length");
  }
  return out;
}

bool has_thumbprint(const MemberReader& authentication) {
  const auto thumbprints = authentication.child("x509Thumbprint");
  return thumbprints && !(thumbprints->text_or_empty("primaryThumbprint").empty() &&
                          thumbprints->text_or_empty("secondaryThumbprint").empty());
}

bool has_key(const MemberReader& authentication) {
  const auto keys = authentication.child("symmetricKey");
  return keys && !(keys->text_or_empty("primaryKey").empty() && keys->text_or_empty("secondaryKey").empty());
}

/// Without a type, thumbprints say what it is (hub-api.md 1.3).
HubCredential read_credential(const std::optional<MemberReader>& authentication, Random& random) {
  if (!authentication) return new_keys(random);
  const bool thumbprints = has_thumbprint(*authentication);
  if (thumbprints && has_key(*authentication)) {
    authentication->reject("symmetricKey", "cannot be given together with thumbprints");
  }
  const std::string type = to_lower(authentication->text_or_empty("type"));
  if (type == "selfsigned" || (type.empty() && thumbprints)) return read_thumbprints(*authentication);
  if (type == "sas" || type.empty()) return read_keys(*authentication, random);
  if (type == "certificateauthority") return AuthorityCredential{};
  if (type != "none") authentication->reject("type", "must be sas, selfSigned, certificateAuthority or none");
  return NoCredential{};
}

std::vector<std::string> read_texts(const MemberReader& reader, std::string_view member) {
  std::vector<std::string> out;
  const json::array* items = reader.array(member);
  if (items == nullptr) return out;
  for (const json::value& item : *items) {
    if (const auto* text = item.if_string()) {
      out.emplace_back(*text);
    } else {
      reader.reject(member, "must hold texts only");
    }
  }
  return out;
}

bool read_status(const MemberReader& reader) {
  const std::string status = to_lower(reader.text_or_empty("status"));
  if (!status.empty() && status != "enabled" && status != "disabled") {
    reader.reject("status", "must be enabled or disabled");
  }
  return status != "disabled";
}

}  // namespace

json::object identity_to_json(const HubDevice& device, const ConnectionState& connection) {
  json::object out{
      {"deviceId", device.device_id},
      {"generationId", device.generation_id},
      {"etag", device.etag},
      {"connectionState", connection.connected ? "Connected" : "Disconnected"},
      {"connectionStateUpdatedTime", time_or_never(connection.changed)},
      {"status", device.enabled ? "enabled" : "disabled"},
      {"statusReason", text_or_null(device.status_reason)},
      {"statusUpdatedTime", time_or_never(device.status_changed)},
      {"lastActivityTime", time_or_never(connection.last_activity)},
      {"cloudToDeviceMessageCount", device.messages},
      {"authentication", json::object{{"type", model::type_of(device.credential)},
                                      {"symmetricKey", keys_to_json(device.credential)},
                                      {"x509Thumbprint", thumbprints_to_json(device.credential)}}},
      {"capabilities", json::object{{"iotEdge", device.iot_edge}}},
  };
  add_scopes(out, device);
  return out;
}

json::object twin_to_json(const HubDevice& device, const ConnectionState& connection) {
  json::object out{
      {"deviceId", device.device_id},
      {"etag", model::twin_etag(device.twin)},
      {"deviceEtag", device.etag},
      {"version", device.twin.version},
      {"status", device.enabled ? "enabled" : "disabled"},
      {"statusUpdateTime", twin_time(device.status_changed)},
      {"connectionState", connection.connected ? "Connected" : "Disconnected"},
      {"lastActivityTime", twin_time(connection.last_activity)},
      {"cloudToDeviceMessageCount", device.messages},
      {"authenticationType", model::type_of(device.credential)},
      {"x509Thumbprint", thumbprints_to_json(device.credential)},
      {"modelId", ""},
      {"capabilities", json::object{{"iotEdge", device.iot_edge}}},
      {"tags", device.twin.tags},
      {"properties", json::object{{"desired", properties_to_json(device.twin.desired, true)},
                                  {"reported", properties_to_json(device.twin.reported, true)}}},
  };
  if (!device.status_reason.empty()) out["statusReason"] = device.status_reason;
  add_scopes(out, device);
  return out;
}

Result<IdentityPut> read_identity(const json::object& body, std::string_view id_member, Random& random) {
  model::DocumentFault fault;
  const MemberReader reader(body, fault);
  IdentityPut out;
  out.device_id = reader.required_text(id_member);
  if (const auto checked = model::check_device_id(out.device_id); !checked) reader.reject(id_member, checked.error());
  out.enabled = read_status(reader);
  out.status_reason = reader.text_or_empty("statusReason");
  if (out.status_reason.size() > kLongestReason) reader.reject("statusReason", "is longer than 128 characters");
  out.credential = read_credential(reader.child("authentication"), random);
  if (const auto capabilities = reader.child("capabilities")) {
    out.iot_edge = capabilities->flag("iotEdge").value_or(false);
  }
  out.device_scope = reader.text_or_empty("deviceScope");
  out.parent_scopes = read_texts(reader, "parentScopes");
  if (fault.found()) return std::unexpected(fault.to_error(ErrorCode::kInvalidArgument));
  return out;
}

HubDevice put_identity(const IdentityPut& put, const HubDevice* current, std::string_view hub, TimePoint now,
                       Random& random) {
  HubDevice device;
  if (current != nullptr) {
    device = *current;
    if (device.enabled != put.enabled) device.status_changed = now;
  } else {
    device.hub = model::id_key(hub);
    device.device_id = put.device_id;
    device.generation_id = model::make_generation_id(now);
    device.twin = model::make_twin({}, {}, now);
    device.created = now;
  }
  device.enabled = put.enabled;
  device.status_reason = put.status_reason;
  device.credential = put.credential;
  device.iot_edge = put.iot_edge;
  device.device_scope = put.device_scope;
  device.parent_scopes = put.parent_scopes;
  device.etag = model::make_device_etag(random);
  device.updated = now;
  return device;
}

}  // namespace muster::hub
