#include "hub/link_gate.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::hub {
namespace {

using ::testing::ElementsAre;

class LinkGateTest : public ::testing::Test {
 protected:
  ~LinkGateTest() override { gate_.close(); }

  void enter(const std::string& who, LinkGate::Turn turn = LinkGate::Turn::kInOrder) {
    start(gate_.enter(turn), [this, who](bool open) { came_.push_back(who + (open ? "" : " closed")); });
  }

  Timers timers_;
  LinkGate gate_{2, timers_};
  std::vector<std::string> came_;
};

TEST_F(LinkGateTest, LetsInAsManyAsHavePlace) {
  for (const char* who : {"a", "b", "c", "d"}) enter(who);
  EXPECT_THAT(came_, ElementsAre("a", "b"));
  EXPECT_EQ(gate_.waiting(), 2U);
  gate_.leave();
  EXPECT_THAT(came_, ElementsAre("a", "b", "c"));
  gate_.leave();
  gate_.leave();
  enter("e");
  EXPECT_THAT(came_, ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(LinkGateTest, WhatWasBegunComesFirst) {
  enter("a");
  enter("b");
  enter("new");
  enter("begun", LinkGate::Turn::kNext);
  gate_.leave();
  EXPECT_THAT(came_, ElementsAre("a", "b", "begun"));
}

TEST_F(LinkGateTest, ClosingTellsEverybody) {
  enter("a");
  enter("b");
  enter("c");
  std::optional<bool> slept;
  start(gate_.pause(std::chrono::hours(1)), [&](bool open) { slept = open; });
  gate_.close();
  EXPECT_EQ(slept, false);
  enter("d");
  EXPECT_THAT(came_, ElementsAre("a", "b", "c closed", "d closed"));
  start(gate_.pause(std::chrono::hours(1)), [&](bool open) { came_.push_back(open ? "slept" : "awake"); });
  EXPECT_EQ(came_.back(), "awake");
}

TEST_F(LinkGateTest, PausesEnd) {
  EXPECT_TRUE(wait_for(gate_.pause(std::chrono::milliseconds(1))));
}

}  // namespace
}  // namespace muster::hub
