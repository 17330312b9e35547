#include "server/mqtt/refused_connects.h"

#include <string>

#include <gtest/gtest.h>

namespace muster::server::mqtt {
namespace {

using namespace std::chrono_literals;

class RefusedConnectsTest : public testing::Test {
 protected:
  static RefusedConnects::Claim claim(const std::string& device, const std::string& address,
                                      const std::string& hub = "hub.test") {
    return RefusedConnects::claim_of(wire::HubIdentity{.hub = hub, .device_id = device, .api_version = "1"}, address);
  }
  bool may_try(const RefusedConnects::Claim& claim) { return !refused_.look(claim); }
  /// How many of `times` tries, all of which are refused, were looked at.
  int attack(const RefusedConnects::Claim& claim, int times) {
    int looked_at = 0;
    for (int i = 0; i < times; ++i) {
      if (!may_try(claim)) continue;
      ++looked_at;
      refused_.note(claim);
    }
    return looked_at;
  }

  ManualClock clock_{from_micros(1'800'000'000'000'000)};
  RefusedConnects refused_{{.device = {5, 60s}, .address = {20, 60s}}, clock_};
};

TEST_F(RefusedConnectsTest, ADeviceIsHeldBackAndHearsAgainLaterWhy) {
  EXPECT_EQ(attack(claim("d", "10.0.0.1"), 100), 5);
  clock_.advance(12s);
  EXPECT_EQ(attack(claim("d", "10.0.0.1"), 100), 1);
  clock_.advance(60s);
  EXPECT_EQ(attack(claim("d", "10.0.0.1"), 100), 5);
}

TEST_F(RefusedConnectsTest, NobodyLocksADeviceOutFromElsewhere) {
  attack(claim("d", "10.0.0.1"), 100);
  EXPECT_TRUE(may_try(claim("d", "10.0.0.2")));
  EXPECT_TRUE(may_try(claim("other", "10.0.0.1"))) << "nor its neighbours";
  EXPECT_TRUE(may_try(claim("d", "10.0.0.1", "other.test"))) << "nor its namesake at another hub";
}

TEST_F(RefusedConnectsTest, AnAddressThatTriesManyDevicesIsHeldBack) {
  int looked_at = 0;
  for (int i = 0; i < 100; ++i) looked_at += attack(claim("d" + std::to_string(i), "10.0.0.1"), 1);
  EXPECT_EQ(looked_at, 20);
  EXPECT_TRUE(may_try(claim("d1", "10.0.0.2")));
}

TEST_F(RefusedConnectsTest, WhoIsLetInCostsNothing) {
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(may_try(claim("d", "10.0.0.1")));
}

TEST_F(RefusedConnectsTest, WhatNamesNoDeviceCountsForItsAddress) {
  const auto nobody = RefusedConnects::claim_of(invalid("no user name"), "10.0.0.1");
  EXPECT_EQ(attack(nobody, 100), 20);
}

TEST_F(RefusedConnectsTest, AnIdThatNobodyHasTakesNoRoom) {
  EXPECT_EQ(claim(std::string(10'000, 'd'), "10.0.0.1").device, "");
}

TEST_F(RefusedConnectsTest, HubsAreComparedWithoutCaseAndDevicesWithIt) {
  attack(claim("d", "10.0.0.1"), 100);
  EXPECT_FALSE(may_try(claim("d", "10.0.0.1", "HUB.test")));
  EXPECT_TRUE(may_try(claim("D", "10.0.0.1")));
}

TEST_F(RefusedConnectsTest, AHostWithANetworkOfItsOwnIsOnePeer) {
  attack(claim("d", "2001:db8::1"), 100);
  EXPECT_FALSE(may_try(claim("d", "2001:db8::2")));
  EXPECT_TRUE(may_try(claim("d", "2001:db8:0:1::1")));
}

TEST_F(RefusedConnectsTest, OnlyTheFirstOfManyIsNews) {
  attack(claim("d", "10.0.0.1"), 5);
  EXPECT_FALSE(refused_.look(claim("d", "10.0.0.1"))->repeated);
  EXPECT_TRUE(refused_.look(claim("d", "10.0.0.1"))->repeated);
}

TEST_F(RefusedConnectsTest, ALimitOfZeroIsNone) {
  RefusedConnects unlimited({.device = {0, 60s}, .address = {0, 60s}}, clock_);
  for (int i = 0; i < 10'000; ++i) unlimited.note(claim("d", "10.0.0.1"));
  EXPECT_FALSE(unlimited.look(claim("d", "10.0.0.1")));
}

}  // namespace
}  // namespace muster::server::mqtt
