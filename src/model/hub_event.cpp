#include "model/hub_event.h"

#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "model/json.h"
#include "model/json_text.h"
#include "model/property_bag_json.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

namespace json = boost::json;

/// System properties of messages: in a topic and for readers (hub-api.md 3.2, 6.3).
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kSystemNames{{
    {"$.mid", "messageId"},
    {"$.cid", "correlationId"},
    {"$.uid", "userId"},
    {"$.to", "to"},
    {"$.ct", "contentType"},
    {"$.ce", "contentEncoding"},
    {"$.exp", "absoluteExpiryTime"},
    {"$.on", "outputName"},
    {"$.sub", "dt-subject"},
    {"$.ifid", "interfaceId"},
    {"$.ctime", "iothub-creation-time-utc"},
}};

std::optional<std::string_view> system_name(std::string_view name) {
  for (const auto& [topic, reader] : kSystemNames) {
    if (topic == name) return reader;
  }
  return std::nullopt;
}

std::optional<std::string_view> property(const HubEvent& event, std::string_view name) {
  for (const auto& [key, value] : event.properties) {
    if (key == name && value) return *value;
  }
  return std::nullopt;
}

json::value body_of(const HubEvent& event) {
  const auto type = property(event, "$.ct");
  const bool may_be_json = !type || starts_with_nocase(*type, "application/json");
  if (may_be_json) {
    if (auto parsed = parse_json(event.body)) return *std::move(parsed);
  }
  if (is_utf8(event.body)) return json::value(event.body);
  return json::object{{"base64", to_base64(as_bytes(event.body))}};
}

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

}  // namespace

json::object to_json(const HubEvent& event) {
  json::object properties;
  json::object system{{"iothub-connection-device-id", event.device_id},
                      {"iothub-connection-auth-generation-id", event.generation_id},
                      {"iothub-connection-auth-method", event.auth_method},
                      {"iothub-enqueuedtime", format_time(event.enqueued)},
                      {"iothub-message-source", event.source}};
  // What no device sent was proved by none.
  if (event.auth_method.empty()) system.erase("iothub-connection-auth-method");
  for (const auto& [name, value] : event.properties) {
    const auto known = system_name(name);
    (known ? system : properties)[known.value_or(name)] = text_or_null(value);
  }
  return {{"seq", event.sequence},
          {"body", body_of(event)},
          {"properties", std::move(properties)},
          {"systemProperties", std::move(system)}};
}

std::string to_stored_text(const HubEvent& event) {
  return object_text([&](ObjectText& out) {
    out.put("device", event.device_id);
    out.put("generation", event.generation_id);
    out.put("auth", event.auth_method);
    out.put("source", event.source);
    out.put("enqueued", to_micros(event.enqueued));
    append_json(out.member("properties"), event.properties);
  });
}

Result<HubEvent> hub_event_from_stored_json(const json::object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  HubEvent out{.device_id = reader.required_text("device"),
               .generation_id = reader.text_or_empty("generation"),
               .auth_method = reader.text_or_empty("auth"),
               .source = reader.required_text("source"),
               .properties = read_properties(reader),
               .enqueued = stored_time(reader, "enqueued")};
  return unless_damaged(fault, std::move(out), "hub event");
}

}  // namespace muster::model
