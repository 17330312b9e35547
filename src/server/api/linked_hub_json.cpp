#include "server/api/linked_hub_json.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/json.h"
#include "wire/connection_string.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::HubKind;
using model::InstanceConfig;
using model::LinkedHub;

constexpr std::string_view kMaskedKey = "SharedAccessKey=****";
constexpr std::int64_t kHeaviest = 1000;
constexpr std::size_t kLongestKeyName = 64;
constexpr std::size_t kShortestKey = 16;  // octets (hub-api.md 1.2)
constexpr std::size_t kLongestKey = 64;

json::value time_or_null(const std::optional<TimePoint>& time) {
  return time ? json::value(format_time(*time)) : json::value(nullptr);
}

json::object health_to_json(const LinkView& view) {
  const hub::LinkStatus& status = view.status;
  json::object out{{"state", hub::to_string(status.state)},
                   {"since", time_or_null(status.since)},
                   {"lastSuccess", time_or_null(status.last_success)},
                   {"waitingCalls", status.waiting},
                   {"runningCalls", status.running},
                   {"devicesLeftBehind", view.left_behind}};
  if (!status.last_error.empty()) out["lastError"] = status.last_error;
  if (status.latency) out["latencyMilliseconds"] = status.latency->count();
  return out;
}

/// The masked form names host and policy: the key is the one that is kept for them.
Result<wire::ConnectionString> read_masked(std::string_view text, const InstanceConfig& current) {
  for (const LinkedHub& hub : current.hubs) {
    const std::string shown =
        fmt::format("HostName={};SharedAccessKeyName={};{}", hub.host_name, hub.key_name, kMaskedKey);
    if (hub.kind == HubKind::kAzure && equals_nocase(shown, text)) {
      return wire::ConnectionString{hub.host_name, hub.key_name, hub.key};
    }
  }
  return invalid(
      "properties.iotHubs.connectionString: the key is masked, and no hub of this name and policy is linked.");
}

Result<wire::ConnectionString> read_connection_string(std::string_view text, const InstanceConfig& current) {
  if (text.ends_with(kMaskedKey)) return read_masked(text, current);
  auto read = wire::parse_connection_string(text);
  if (!read) return invalid("properties.iotHubs: " + read.error().message);
  if (read->key_name.size() > kLongestKeyName || read->key.size() < kShortestKey || read->key.size() > kLongestKey) {
    return invalid("properties.iotHubs.connectionString: the policy's name or key has a length that no hub gives.");
  }
  if (read->host_name.find(':') != std::string::npos) {
    return invalid(
        "properties.iotHubs.connectionString: HostName must be without a port; [outbound] connect_to of the "
        "configuration says where a hub is reached.");
  }
  return read;
}

/// A hub that others serve.
Result<LinkedHub> read_elsewhere(std::string_view text, const InstanceConfig& current) {
  auto read = read_connection_string(text, current);
  if (!read) return std::unexpected(read.error());
  LinkedHub hub;
  hub.host_name = to_lower(read->host_name);
  if (auto valid = model::check_host_name(hub.host_name, "properties.iotHubs.connectionString"); !valid) {
    return std::unexpected(valid.error());
  }
  if (current.hub_policies.contains(hub.host_name)) {
    return invalid(
        fmt::format("properties.iotHubs: {} is served here; it is linked by name with authenticationType \"Local\".",
                    hub.host_name));
  }
  hub.kind = HubKind::kAzure;
  hub.key_name = std::move(read->key_name);
  hub.key = std::move(read->key);
  return hub;
}

Result<LinkedHub> read_local(const std::optional<std::string_view>& name, const InstanceConfig& current) {
  if (!name) return invalid("properties.iotHubs: a Local hub needs a name.");
  if (auto valid = model::check_host_name(*name, "properties.iotHubs.name"); !valid) {
    return std::unexpected(valid.error());
  }
  LinkedHub hub;
  hub.host_name = to_lower(*name);
  const LinkedHub* linked = current.find_hub(*name);
  if (linked != nullptr && linked->kind != HubKind::kLocal) {
    return invalid(fmt::format("properties.iotHubs: {} is linked with a connection string.", hub.host_name));
  }
  return hub;
}

Result<LinkedHub> read_kind(const json::object& object, const InstanceConfig& current) {
  const auto type = model::optional_string(object, "authenticationType");
  const auto name = model::optional_string(object, "name");
  const auto connection_string = model::optional_string(object, "connectionString");
  if (!type) return std::unexpected(type.error());
  if (!name) return std::unexpected(name.error());
  if (!connection_string) return std::unexpected(connection_string.error());
  if (*type && equals_nocase(**type, "Local")) return read_local(*name, current);
  if (*type && !equals_nocase(**type, "KeyBased")) {
    return fail(ErrorCode::kUnsupported, "properties.iotHubs.authenticationType must be KeyBased or Local.");
  }
  if (!*connection_string) {
    return invalid("properties.iotHubs: a connectionString is needed, or a name with authenticationType \"Local\".");
  }
  return read_elsewhere(**connection_string, current);
}

Result<LinkedHub> read_linked_hub(const json::value& value, const InstanceConfig& current) {
  if (!value.is_object()) return invalid("properties.iotHubs: every entry must be an object.");
  const json::object& object = value.get_object();
  const auto location = model::optional_string(object, "location");
  const auto apply = model::optional_bool(object, "applyAllocationPolicy");
  const auto weight = model::optional_int(object, "allocationWeight");
  if (!location) return std::unexpected(location.error());
  if (!apply) return std::unexpected(apply.error());
  if (!weight) return std::unexpected(weight.error());
  const std::int64_t checked_weight = weight->value_or(1);
  if (checked_weight < 1 || checked_weight > kHeaviest) {
    return invalid("properties.iotHubs.allocationWeight must be 1 to 1000.");
  }
  auto hub = read_kind(object, current);
  if (!hub) return hub;
  hub->location = std::string(location->value_or(""));
  hub->apply_allocation_policy = apply->value_or(true);
  hub->allocation_weight = static_cast<int>(checked_weight);
  return hub;
}

}  // namespace

json::object linked_hub_to_json(const LinkedHub& hub, const std::optional<LinkView>& view) {
  json::object out{{"name", hub.host_name},
                   {"location", hub.location},
                   {"applyAllocationPolicy", hub.apply_allocation_policy},
                   {"allocationWeight", hub.allocation_weight},
                   {"authenticationType", hub.kind == HubKind::kLocal ? "Local" : "KeyBased"}};
  if (hub.kind == HubKind::kLocal) return out;
  out["connectionString"] =
      fmt::format("HostName={};SharedAccessKeyName={};{}", hub.host_name, hub.key_name, kMaskedKey);
  if (view) out["health"] = health_to_json(*view);
  return out;
}

Result<std::vector<LinkedHub>> read_linked_hubs(const json::array& array, const InstanceConfig& current,
                                                std::size_t most) {
  if (array.size() > most) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("properties.iotHubs: at most {} hubs can be linked.", most));
  }
  std::vector<LinkedHub> hubs;
  for (const auto& value : array) {
    auto hub = read_linked_hub(value, current);
    if (!hub) return std::unexpected(hub.error());
    const bool twice = std::ranges::any_of(hubs, [&](const LinkedHub& h) { return h.host_name == hub->host_name; });
    if (twice) return invalid(fmt::format("properties.iotHubs: {} is named twice.", hub->host_name));
    hubs.push_back(std::move(*hub));
  }
  return hubs;
}

}  // namespace muster::server
