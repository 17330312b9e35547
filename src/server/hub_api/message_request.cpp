#include "server/hub_api/message_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::server {
namespace {

constexpr std::size_t kMostBody = std::size_t{64} * 1024;  // octets (hub-api.md 8)
/// Of names and values: percent-encoded they have to fit into a topic (MQTT 3.1.1 section 1.5.3).
constexpr std::size_t kMostProperties = std::size_t{8} * 1024;
constexpr std::chrono::hours kUsualLife{1};
constexpr std::chrono::days kLongestLife{2};
constexpr std::string_view kApplication = "iothub-app-";
constexpr std::string_view kExpiry = "iothub-expiry";
constexpr std::string_view kAck = "iothub-ack";

/// Headers and the names that their values have in topics (hub-api.md 3.2).
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSystemHeaders{{
    {"iothub-messageid", "$.mid"},
    {"iothub-correlationid", "$.cid"},
    {"iothub-userid", "$.uid"},
    {"iothub-to", "$.to"},
    {"Content-Type", "$.ct"},
    {"Content-Encoding", "$.ce"},
}};

Result<TimePoint> read_expiry(const HttpRequest& request, TimePoint now) {
  const auto text = request.header(kExpiry);
  if (!text) return now + kUsualLife;
  const auto time = parse_time(*text);
  if (!time) return invalid(fmt::format("{}: must be a time such as {}", kExpiry, format_time_seconds(now)));
  if (*time <= now) return invalid(fmt::format("{}: is over", kExpiry));
  if (*time > now + kLongestLife) return invalid(fmt::format("{}: is more than two days away", kExpiry));
  return *time;
}

Result<model::MessageAck> read_ack(const HttpRequest& request) {
  const auto text = request.header(kAck);
  if (!text) return model::MessageAck::kNone;
  const auto ack = model::message_ack(*text);
  if (!ack) return invalid(fmt::format("{}: must be none, positive, negative or full", kAck));
  return *ack;
}

/// In the order of the headers. A name that looks like a system property would be read as one.
Result<wire::PropertyBag> read_application(const HttpRequest& request) {
  wire::PropertyBag out;
  for (const auto& [header, value] : request.headers) {
    if (!starts_with_nocase(header, kApplication)) continue;
    std::string name = header.substr(kApplication.size());
    if (name.empty() || name.starts_with('$')) {
      return invalid(fmt::format("{}: must name a property, without a '$' in front", header));
    }
    out.emplace_back(std::move(name), value);
  }
  return out;
}

Result<void> check_properties(const wire::PropertyBag& properties) {
  std::size_t octets = 0;
  for (const auto& [name, value] : properties) {
    if (!is_utf8(name) || !is_utf8(value.value_or(""))) return invalid("A property is not UTF-8.");
    octets += name.size() + value.value_or("").size();
  }
  if (octets > kMostProperties) return fail(ErrorCode::kTooLarge, "The properties are larger than 8 KB.");
  return {};
}

}  // namespace

Result<model::HubMessage> read_message(const HttpRequest& request, std::string device_id, TimePoint now,
                                       Random& random) {
  if (request.body.size() > kMostBody) return fail(ErrorCode::kTooLarge, "The message is larger than 64 KB.");
  const auto expires = read_expiry(request, now);
  if (!expires) return std::unexpected(expires.error());
  const auto ack = read_ack(request);
  if (!ack) return std::unexpected(ack.error());
  auto application = read_application(request);
  if (!application) return std::unexpected(application.error());

  wire::PropertyBag properties;
  for (const auto& [header, name] : kSystemHeaders) {
    const auto value = request.header(header);
    if (value && !value->empty()) properties.emplace_back(name, *value);
  }
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(properties, [&](const auto& each) { return each.first == name; });
  };
  // A message can come twice, and feedback has to name it.
  if (!has("$.mid")) properties.emplace(properties.begin(), "$.mid", make_time_ordered_guid(random, now));
  if (!has("$.to")) properties.emplace_back("$.to", fmt::format("/devices/{}/messages/deviceBound", device_id));
  properties.emplace_back("$.exp", format_time(*expires));
  if (*ack != model::MessageAck::kNone) properties.emplace_back(kAck, model::to_string(*ack));
  std::ranges::move(*application, std::back_inserter(properties));
  if (auto checked = check_properties(properties); !checked) return std::unexpected(checked.error());
  return model::HubMessage{.device_id = std::move(device_id),
                           .properties = std::move(properties),
                           .body = request.body,
                           .ack = *ack,
                           .enqueued = now,
                           .expires = *expires};
}

}  // namespace muster::server
