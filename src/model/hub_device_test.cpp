#include "model/hub_device.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace muster::model {
namespace {

HubDevice device(HubCredential credential) {
  return {.hub = "hub-a.example.net",
          .device_id = "Pump#42",
          .credential = std::move(credential),
          .enabled = false,
          .status_reason = "stolen",
          .status_changed = TimePoint(std::chrono::microseconds(5)),
          .iot_edge = true,
          .device_scope = "ms-azure-iot-edge://gateway-1",
          .parent_scopes = {"ms-azure-iot-edge://parent-2"},
          .twin = make_twin(boost::json::parse(R"({"site":"ams","none":null})").get_object(),
                            boost::json::parse(R"({"interval":30,"deep":{"list":[1,2]}})").get_object(), TimePoint()),
          .generation_id = "639012345678901234",
          .etag = "abc=",
          .created = TimePoint(std::chrono::microseconds(1)),
          .updated = TimePoint(std::chrono::microseconds(-1))};
}

boost::json::object stored(const HubDevice& value) {
  return boost::json::parse(to_stored_text(value)).get_object();
}

Result<HubDevice> read_back(const HubDevice& value) {
  return hub_device_from_stored_json(stored(value));
}

TEST(StoredHubDevice, SurvivesWritingAndReading) {
  const HubDevice value = device(ThumbprintCredential{std::string(64, 'A'), std::string(64, 'B')});
  EXPECT_EQ(read_back(value), value);
  EXPECT_EQ(read_back(HubDevice()), HubDevice());
}

TEST(StoredHubDevice, EveryKindOfCredentialComesBack) {
  for (const HubCredential& credential : {HubCredential(AuthorityCredential()), HubCredential(NoCredential())}) {
    EXPECT_EQ(read_back(device(credential)), device(credential));
  }
}

TEST(StoredHubDevice, OlderFormHasTagsAndDesiredProperties) {
  auto older = stored(device(SasCredential()));
  older.erase("twin");
  older["tags"] = {{"site", "ams"}};
  older["desired"] = {{"interval", 30}};
  const auto read = hub_device_from_stored_json(older);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->twin.tags.at("site").as_string(), "ams");
  EXPECT_EQ(read->twin.desired.values.at("interval").as_int64(), 30);
}

TEST(HubDevice, OpaqueNumbersLookAsThoseOfHubs) {
  EXPECT_EQ(make_generation_id(TimePoint()), "621355968000000000");
  SystemRandom random;
  const auto decoded = from_base64(make_device_etag(random));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->size(), 9U);
}

TEST(StoredHubDevice, HoldsNoKeys) {
  const HubDevice value = device(SasCredential{SecretBytes(Bytes(32, 1)), SecretBytes(Bytes(32, 2))});
  const auto text = to_stored_text(value);
  EXPECT_EQ(text.find(to_base64(Bytes(32, 1)).substr(0, 8)), std::string::npos);
  EXPECT_EQ(read_back(value), device(SasCredential()));
}

TEST(StoredHubDevice, IsRefusedWhenDamaged) {
  for (std::string_view member : {"credential", "enabled", "iotEdge", "twin", "created", "updated"}) {
    auto damaged = stored(device(SasCredential()));
    damaged.erase(member);
    const auto read = hub_device_from_stored_json(damaged);
    ASSERT_FALSE(read) << member;
    EXPECT_EQ(read.error().code, ErrorCode::kInternal);
  }
}

}  // namespace
}  // namespace muster::model
