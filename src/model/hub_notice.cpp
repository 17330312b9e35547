#include "model/hub_notice.h"

#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"

namespace muster::model {
namespace {

namespace json = boost::json;

struct Kind {
  std::string_view source;
  std::string_view schema;
};
constexpr Kind kLifecycle{kLifecycleSource, "deviceLifecycleNotification"};
constexpr Kind kTwinChange{kTwinChangeSource, "twinChangeNotification"};
constexpr Kind kConnection{kConnectionSource, "deviceConnectionStateNotification"};
constexpr Kind kSecurity{kSecuritySource, "deviceSecurityNotification"};

HubEvent make_notice(const Kind& kind, std::string_view operation, const std::string& hub, const std::string& device_id,
                     const std::string& generation_id, std::string body, TimePoint now) {
  // Not as a list in braces, of which everything would be copied.
  wire::PropertyBag properties;
  properties.reserve(7);
  properties.emplace_back("hubName", hub);
  properties.emplace_back("deviceId", device_id);
  properties.emplace_back("opType", operation);
  properties.emplace_back("operationTimestamp", format_time(now));
  properties.emplace_back("iothub-message-schema", kind.schema);
  properties.emplace_back("$.ct", "application/json");
  properties.emplace_back("$.ce", "utf-8");
  return {.device_id = device_id,
          .generation_id = generation_id,
          .source = std::string(kind.source),
          .properties = std::move(properties),
          .body = std::move(body),
          .enqueued = now};
}

std::string whole_twin(const HubDevice& device) {
  const Twin& twin = device.twin;
  return text_of([&](const json::storage_ptr& storage) {
    return json::object({{"deviceId", device.device_id},
                         {"etag", twin_etag(twin)},
                         {"version", twin.version},
                         {"tags", twin.tags},
                         {"properties",
                          {{"desired", properties_to_json(twin.desired, true, storage)},
                           {"reported", properties_to_json(twin.reported, true, storage)}}}},
                        storage);
  });
}

/// What merge_members() needs to make `after` of `before`.
json::object difference(const json::object& before, const json::object& after) {
  json::object out;
  for (const auto& [name, value] : before) {
    if (!after.contains(name)) out[name] = nullptr;
  }
  for (const auto& [name, value] : after) {
    const json::value* old = before.if_contains(name);
    if (old != nullptr && *old == value) continue;
    const bool both = old != nullptr && old->is_object() && value.is_object();
    out[name] = both ? json::value(difference(old->get_object(), value.get_object())) : value;
  }
  return out;
}

void add_change(json::object& out, std::string_view part, const TwinProperties& before, const TwinProperties& after) {
  if (before.version == after.version) return;
  json::object change = difference(before.values, after.values);
  change["$version"] = after.version;
  out[part] = std::move(change);
}

json::object twin_change(const Twin& before, const Twin& after) {
  json::object properties;
  add_change(properties, "desired", before.desired, after.desired);
  add_change(properties, "reported", before.reported, after.reported);
  json::object out{{"version", after.version}};
  if (before.tags != after.tags) out["tags"] = difference(before.tags, after.tags);
  if (!properties.empty()) out["properties"] = std::move(properties);
  return out;
}

json::object visitor_json(const HubVisitor& visitor) {
  return {{"address", visitor.address},
          {"authMethod", parse_json_object(visitor.auth_method).value_or(json::object())}};
}

}  // namespace

std::vector<HubEvent> notices_of_change(const HubNoticeSettings& settings, const HubDevice* before,
                                        const HubDevice& after, TwinWrite how, TimePoint now) {
  const bool made = before == nullptr || before->generation_id != after.generation_id;
  const auto notice = [&](const Kind& kind, std::string_view operation, std::string body) {
    std::vector<HubEvent> one;  // not as a list in braces, as in make_notice()
    one.push_back(make_notice(kind, operation, after.hub, after.device_id, after.generation_id, std::move(body), now));
    return one;
  };
  if (made && settings.lifecycle) return notice(kLifecycle, "createDeviceIdentity", whole_twin(after));
  if (made || !settings.twin_changes || before->twin.version == after.twin.version) return {};
  if (how == TwinWrite::kReplace) return notice(kTwinChange, "replaceTwin", whole_twin(after));
  return notice(kTwinChange, "updateTwin", json::serialize(twin_change(before->twin, after.twin)));
}

std::vector<HubEvent> notices_of_removal(const HubNoticeSettings& settings, const HubDevice& device, TimePoint now) {
  if (!settings.lifecycle) return {};
  return {make_notice(kLifecycle, "deleteDeviceIdentity", device.hub, device.device_id, device.generation_id,
                      whole_twin(device), now)};
}

HubEvent notice_of_connection(const std::string& hub, const std::string& device_id, const std::string& generation_id,
                              bool connected, std::uint64_t visit, TimePoint now) {
  // As Azure's: a text whose order is that of the events of a device.
  const json::object body{{"sequenceNumber", fmt::format("{:016X}{:016X}", to_micros(now), visit)}};
  return make_notice(kConnection, connected ? "deviceConnected" : "deviceDisconnected", hub, device_id, generation_id,
                     json::serialize(body), now);
}

HubEvent notice_of_contest(const std::string& hub, const std::string& device_id, const std::string& generation_id,
                           const IdentityContest& contest, TimePoint now) {
  json::object connected = visitor_json(contest.connected);
  connected["since"] = format_time(contest.connected_since);
  const json::object body{{"connected", std::move(connected)},  {"refused", visitor_json(contest.refused)},
                          {"takeOvers", contest.take_overs},    {"refusals", contest.refusals},
                          {"from", format_time(contest.began)}, {"to", format_time(now)}};
  return make_notice(kSecurity, "deviceIdentityContested", hub, device_id, generation_id, json::serialize(body), now);
}

}  // namespace muster::model
