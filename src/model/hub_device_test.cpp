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
          .iot_edge = true,
          .tags = boost::json::parse(R"({"site":"ams","none":null})").get_object(),
          .desired = boost::json::parse(R"({"interval":30,"deep":{"list":[1,2]}})").get_object(),
          .generation_id = "639012345678901234",
          .etag = "abc=",
          .created = TimePoint(std::chrono::microseconds(1)),
          .updated = TimePoint(std::chrono::microseconds(-1))};
}

Result<HubDevice> read_back(const HubDevice& value) {
  return hub_device_from_stored_json(boost::json::parse(boost::json::serialize(to_stored_json(value))).get_object());
}

TEST(StoredHubDevice, SurvivesWritingAndReading) {
  const HubDevice value = device(ThumbprintCredential{std::string(64, 'A'), std::string(64, 'B')});
  EXPECT_EQ(read_back(value), value);
  EXPECT_EQ(read_back(HubDevice()), HubDevice());
}

TEST(StoredHubDevice, HoldsNoKeys) {
  const HubDevice value = device(SasCredential{SecretBytes(Bytes(32, 1)), SecretBytes(Bytes(32, 2))});
  const auto text = boost::json::serialize(to_stored_json(value));
  EXPECT_EQ(text.find(to_base64(Bytes(32, 1)).substr(0, 8)), std::string::npos);
  EXPECT_EQ(read_back(value), device(SasCredential()));
}

TEST(StoredHubDevice, IsRefusedWhenDamaged) {
  for (std::string_view member : {"credential", "enabled", "iotEdge", "tags", "desired", "created", "updated"}) {
    auto damaged = to_stored_json(device(SasCredential()));
    damaged.erase(member);
    const auto read = hub_device_from_stored_json(damaged);
    ASSERT_FALSE(read) << member;
    EXPECT_EQ(read.error().code, ErrorCode::kInternal);
  }
}

}  // namespace
}  // namespace muster::model
