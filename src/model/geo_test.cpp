#include "model/geo.h"

#include <gtest/gtest.h>

namespace muster::model {
namespace {

using std::chrono::milliseconds;

class GeoTableTest : public ::testing::Test {
 protected:
  GeoTableTest() {
    for (const char* network : {"10.1.0.0/16=EU-west", "10.2.0.0/16 = us-east", "2001:db8::/32=eu-west"}) {
      EXPECT_TRUE(geo_.add_network(network)) << network;
    }
    for (const char* latency : {"eu-west=us-east:90", "eu-west=near.test:12"}) {
      EXPECT_TRUE(geo_.add_latency(latency)) << latency;
    }
  }
  static LinkedHub hub(const std::string& name, const std::string& location) {
    LinkedHub out;
    out.host_name = name;
    out.location = location;
    return out;
  }
  std::string cost(const std::string& region, const LinkedHub& hub, std::optional<milliseconds> measured = {}) {
    const auto found = geo_.cost(region, hub, measured);
    return found ? std::to_string(found->latency.count()) + " " + std::string(found->source) : "unknown";
  }

  GeoTable geo_;
};

TEST_F(GeoTableTest, KnowsWhereAddressesAre) {
  EXPECT_EQ(geo_.region_of("10.1.2.3"), "eu-west");
  EXPECT_EQ(geo_.region_of("::ffff:10.2.0.1"), "us-east");
  EXPECT_EQ(geo_.region_of("2001:db8::7"), "eu-west");
  EXPECT_EQ(geo_.region_of("192.0.2.1"), "");
  EXPECT_EQ(geo_.region_of("nonsense"), "");
}

TEST_F(GeoTableTest, KnowsWhatHubsCost) {
  EXPECT_EQ(cost("eu-west", hub("Near.test", "us-east")), "12 configured");
  EXPECT_EQ(cost("EU-West", hub("far.test", "US-East")), "90 region");
  EXPECT_EQ(cost("eu-west", hub("here.test", "eu-west")), "0 same region");
  EXPECT_EQ(cost("us-east", hub("there.test", "eu-west")), "unknown") << "the way back may be another one";
  EXPECT_EQ(cost("eu-west", hub("nowhere.test", "")), "unknown");
}

TEST_F(GeoTableTest, MeasuresCountForDevicesAroundTheService) {
  EXPECT_EQ(cost("eu-west", hub("x.test", ""), milliseconds(31)), "unknown");
  geo_.set_own_region("EU-west");
  EXPECT_EQ(cost("eu-west", hub("x.test", ""), milliseconds(31)), "50 measured");
  EXPECT_EQ(cost("eu-west", hub("x.test", ""), milliseconds(38)), "50 measured") << "noise moves no device";
  EXPECT_EQ(cost("us-east", hub("x.test", ""), milliseconds(31)), "unknown");
  EXPECT_EQ(cost("eu-west", hub("near.test", ""), milliseconds(31)), "12 configured");
}

TEST_F(GeoTableTest, RefusesWhatMakesNoSense) {
  for (const char* network : {"", "10.0.0.0/8", "10.0.0.0/8=", "=eu", "10.0.0.1/8=eu", "host=eu", "10.1.0.0/16=us"}) {
    EXPECT_FALSE(geo_.add_network(network)) << network;
  }
  for (const char* latency :
       {"", "a=b", "a=b:", "a=:1", "=b:1", "a=b:-1", "a=b:1.5", "a=b:70000", "eu-west=us-east:1"}) {
    EXPECT_FALSE(geo_.add_latency(latency)) << latency;
  }
}

}  // namespace
}  // namespace muster::model
