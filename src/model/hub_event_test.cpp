#include "model/hub_event.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace muster::model {
namespace {

HubEvent event(std::string body, wire::PropertyBag properties = {}) {
  return {.sequence = 124,
          .device_id = "pump-01",
          .generation_id = "639012345678901234",
          .auth_method = R"({"scope":"device"})",
          .properties = std::move(properties),
          .body = std::move(body),
          .enqueued = from_micros(1'767'323'045'678'000)};
}

TEST(HubEvent, ReadersSeeSystemPropertiesByTheirNames) {
  const auto json =
      to_json(event("{}", {{"$.mid", "m 1"}, {"$.ct", "application/json"}, {"level", "3"}, {"flag", {}}}));
  EXPECT_EQ(json.at("seq").to_number<int>(), 124);
  const auto& system = json.at("systemProperties").as_object();
  EXPECT_EQ(system.at("iothub-connection-device-id").as_string(), "pump-01");
  EXPECT_EQ(system.at("iothub-message-source").as_string(), "Telemetry");
  EXPECT_EQ(system.at("messageId").as_string(), "m 1");
  EXPECT_EQ(system.at("contentType").as_string(), "application/json");
  EXPECT_EQ(boost::json::serialize(json.at("properties")), R"({"level":"3","flag":null})");
}

TEST(HubEvent, TheBodyStandsAsWhatItIs) {
  const auto body = [](const HubEvent& value) { return boost::json::serialize(to_json(value).at("body")); };
  EXPECT_EQ(body(event(R"({"t": 21.5})")), R"({"t":2.15E1})");
  EXPECT_EQ(body(event("warm")), R"("warm")");
  EXPECT_EQ(body(event("21", {{"$.ct", "text/plain"}})), R"("21")");
  EXPECT_EQ(body(event("\xff\x00")), R"({"base64":"/w=="})") << "cut at the zero by the literal";
}

TEST(HubEvent, SurvivesWritingAndReading) {
  HubEvent value = event("", {{"a", "b"}, {"none", std::nullopt}});
  value.sequence = 0;  // kept beside it, as the body is
  const auto stored = boost::json::parse(to_stored_text(value)).get_object();
  EXPECT_EQ(hub_event_from_stored_json(stored), value);
  for (const std::string_view member : {"device", "source", "enqueued"}) {
    auto damaged = stored;
    damaged.erase(member);
    EXPECT_EQ(hub_event_from_stored_json(damaged).error().code, ErrorCode::kInternal) << member;
  }
}

}  // namespace
}  // namespace muster::model
