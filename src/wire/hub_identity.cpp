#include "wire/hub_identity.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "wire/percent.h"
#include "wire/split.h"

namespace muster::wire {
namespace {

std::unexpected<Error> malformed() {
  return invalid("The user name is not of the form {host}/{deviceId}/?api-version={version}.");
}

std::vector<std::string_view> segments_of(std::string_view text) {
  std::vector<std::string_view> out;
  Splitter parts(text, '/');
  while (const auto part = parts.next()) out.push_back(*part);
  return out;
}

/// False: a value cannot be decoded.
bool read_parameters(std::string_view text, HubIdentity& out) {
  if (text.starts_with('?')) text.remove_prefix(1);
  Splitter parts(text, '&');
  while (const auto part = parts.next()) {
    const auto pair = split_pair(*part);
    if (!pair) continue;
    std::string* target = pair->first == "api-version"        ? &out.api_version
                          : pair->first == "DeviceClientType" ? &out.client
                                                              : nullptr;
    if (target == nullptr || !target->empty()) continue;
    auto value = percent_decode(pair->second);
    if (!value) return false;
    *target = *std::move(value);
  }
  return true;
}

}  // namespace

Result<HubIdentity> parse_hub_user_name(std::string_view user_name) {
  const auto segments = segments_of(user_name);
  if (segments.size() != 3 && segments.size() != 4) return malformed();
  HubIdentity out{.hub = std::string(segments[0]), .device_id = std::string(segments[1]), .api_version = {}};
  if (segments.size() == 4) out.module_id = segments[2];
  const bool complete = !out.hub.empty() && !out.device_id.empty() && (segments.size() == 3 || !out.module_id.empty());
  if (!complete || !read_parameters(segments.back(), out) || out.api_version.empty()) return malformed();
  return out;
}

std::string hub_user_name(const HubIdentity& identity) {
  const std::string module = identity.module_id.empty() ? "" : identity.module_id + "/";
  const std::string client =
      identity.client.empty() ? "" : fmt::format("&DeviceClientType={}", percent_encode(identity.client));
  return fmt::format("{}/{}/{}?api-version={}{}", identity.hub, identity.device_id, module,
                     percent_encode(identity.api_version), client);
}

}  // namespace muster::wire
