#include "hub/azure_wire.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "hub/identity_json.h"
#include "model/json.h"
#include "wire/percent.h"

namespace muster::hub {
namespace {

namespace json = boost::json;
using provisioning::DeviceData;
using provisioning::HubDeviceSpec;

constexpr std::string_view kApiVersion = "2021-04-12";
constexpr std::size_t kLongestCode = 64;

/// The credential and the capabilities of a device as identity_to_json() writes them.
json::object written_part(const HubDeviceSpec& spec, bool iot_edge) {
  model::HubDevice device;
  device.device_id = spec.device_id;
  device.credential = spec.credential;
  device.iot_edge = iot_edge;
  const json::object whole = identity_to_json(device, {});
  return {{"deviceId", spec.device_id},
          {"authentication", whole.at("authentication")},
          {"capabilities", whole.at("capabilities")}};
}

bool edge_of(const json::object& identity) {
  const auto capabilities = model::optional_object(identity, "capabilities");
  if (!capabilities || *capabilities == nullptr) return false;
  const auto edge = model::optional_bool(**capabilities, "iotEdge");
  return edge && edge->value_or(false);
}

/// Properties with what the hub adds to them taken apart.
model::TwinProperties read_properties(const json::object* properties) {
  model::TwinProperties out;
  if (properties == nullptr) return out;
  out.values = *properties;
  if (const auto metadata = model::optional_object(out.values, "$metadata"); metadata && *metadata != nullptr) {
    out.metadata = **metadata;
  }
  if (const auto version = model::optional_int(out.values, "$version"); version && *version) out.version = **version;
  out.values.erase("$metadata");
  out.values.erase("$version");
  return out;
}

/// "ErrorCode:DeviceNotFound;E: ..." or a document in a text, or a number (hub-api.md 1.8).
std::string code_of(const outbound::HttpResponse& response) {
  if (const auto named = response.header("iothub-errorcode")) return std::string(named->substr(0, kLongestCode));
  const auto body = model::parse_json_object(response.body);
  if (!body) return {};
  if (const auto* number = body->if_contains("errorCode"); number != nullptr && number->is_int64()) {
    return std::to_string(number->get_int64());
  }
  const auto message = model::optional_string(*body, "Message");
  if (!message || !*message) return {};
  std::string_view text = **message;
  constexpr std::string_view kPrefix = "ErrorCode:";
  if (!text.starts_with(kPrefix)) return {};
  text.remove_prefix(kPrefix.size());
  return std::string(text.substr(0, std::min(text.find(';'), kLongestCode)));
}

/// Of codes in names or numbers.
bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::any_of(codes, [&](std::string_view each) { return equals_nocase(each, code); });
}

ErrorCode kind_of_forbidden(std::string_view code) {
  if (is_one_of(code, {"TooManyDevices", "413002", "DeviceMaximumReached"})) return ErrorCode::kLimitExceeded;
  if (is_one_of(code, {"IotHubQuotaExceeded", "403002"})) return ErrorCode::kUnavailable;  // until midnight
  if (is_one_of(code, {"OperationNotAvailableInCurrentTier", "403001", "OperationNotAllowedInCurrentTier"})) {
    return ErrorCode::kUnsupported;
  }
  return ErrorCode::kUnauthorized;
}

ErrorCode kind_of(int status, std::string_view code) {
  if (is_one_of(code, {"OperationNotAvailableInCurrentTier"})) return ErrorCode::kUnsupported;
  switch (status) {
    case 401:
      return ErrorCode::kUnauthorized;
    case 403:
      return kind_of_forbidden(code);
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 412:
      return ErrorCode::kPreconditionFailed;
    case 413:
      return is_one_of(code, {"TooManyDevices", "413002"}) ? ErrorCode::kLimitExceeded : ErrorCode::kTooLarge;
    case 408:
    case 429:
      return ErrorCode::kUnavailable;
    default:
      // Redirects and the like are no answers of a hub.
      return status >= 400 && status < 500 ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable;
  }
}

}  // namespace

std::string azure_device_path(std::string_view device_id) {
  return fmt::format("/devices/{}?api-version={}", wire::percent_encode(device_id), kApiVersion);
}

std::string azure_twin_path(std::string_view device_id) {
  return fmt::format("/twins/{}?api-version={}", wire::percent_encode(device_id), kApiVersion);
}

json::object azure_new_identity(const HubDeviceSpec& spec) {
  const bool edge_before = spec.carried && spec.carried->iot_edge;
  json::object out = written_part(spec, spec.iot_edge.value_or(edge_before));
  const bool enabled = !spec.carried || spec.carried->enabled;
  out["status"] = enabled ? "enabled" : "disabled";
  if (spec.carried && !spec.carried->status_reason.empty()) out["statusReason"] = spec.carried->status_reason;
  return out;
}

json::object azure_adopted_identity(const json::object& current, const HubDeviceSpec& spec) {
  json::object out = current;
  for (const auto& [name, value] : written_part(spec, spec.iot_edge.value_or(edge_of(current)))) out[name] = value;
  return out;
}

bool azure_identity_is(const json::object& current, const HubDeviceSpec& spec, Random& random) {
  const auto read = read_identity(current, "deviceId", random);
  return read && read->credential == spec.credential && read->iot_edge == spec.iot_edge.value_or(read->iot_edge);
}

bool azure_identity_of(const json::object& given, std::string_view device_id) {
  const auto id = model::optional_string(given, "deviceId");
  return id && *id && **id == device_id;
}

json::object azure_twin_body(const provisioning::InitialTwin& twin) {
  return {{"tags", twin.tags}, {"properties", {{"desired", twin.desired}}}};
}

Result<DeviceData> azure_device_data(const json::object& twin) {
  const auto tags = model::optional_object(twin, "tags");
  const auto properties = model::optional_object(twin, "properties");
  const auto status = model::optional_string(twin, "status");
  const auto reason = model::optional_string(twin, "statusReason");
  if (!tags || !properties || !status || !reason) return fail(ErrorCode::kUnavailable, "The hub's answer is no twin.");
  DeviceData out;
  if (*tags != nullptr) out.twin.tags = **tags;
  if (*properties != nullptr) {
    const auto desired = model::optional_object(**properties, "desired");
    const auto reported = model::optional_object(**properties, "reported");
    if (!desired || !reported) return fail(ErrorCode::kUnavailable, "The hub's answer is no twin.");
    out.twin.desired = read_properties(*desired);
    out.twin.reported = read_properties(*reported);
  }
  if (const auto version = model::optional_int(twin, "version"); version && *version) out.twin.version = **version;
  out.enabled = !*status || !equals_nocase(**status, "disabled");
  out.status_reason = std::string(reason->value_or(""));
  out.iot_edge = edge_of(twin);
  return out;
}

Error azure_error(const outbound::HttpResponse& response) {
  const std::string code = code_of(response);
  return {kind_of(response.status, code), fmt::format("The hub answered {}.", response.status), code};
}

std::optional<std::chrono::seconds> retry_after_of(const outbound::HttpResponse& response) {
  const auto text = response.header("Retry-After");
  if (!text) return std::nullopt;
  const std::string_view digits = trim(*text);
  int seconds = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace muster::hub
