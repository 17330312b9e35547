#include "provisioning/attempt_journal.h"

#include <gtest/gtest.h>

#include "provisioning/test_world.h"

namespace muster::provisioning {
namespace {

using testing::World;

std::size_t kept(World& world) {
  return world.must(world.store().list_attempts(world.instance(), {}, "", 10'000)).items.size();
}

TEST(AttemptJournal, DropsTheOldestWhenManyHaveCome) {
  World world;
  AttemptJournal journal(world.store(), world.clock, {.keep = 10, .age = std::chrono::hours(1)});
  for (int i = 0; i < 1000; ++i) {
    world.clock.advance(std::chrono::milliseconds(1));
    journal.add(world.instance(), attempt_of(world.request("dev-" + std::to_string(i)), "register"));
  }
  journal.wait_until_written();
  EXPECT_LE(kept(world), 20U) << "trimmed once on the way";
  world.must(journal.trim());
  EXPECT_EQ(kept(world), 10U);
  world.clock.advance(std::chrono::hours(2));
  world.must(journal.trim());
  EXPECT_EQ(kept(world), 0U);
}

TEST(AttemptJournal, KeepsNothingWhenNothingIsWanted) {
  World world;
  AttemptJournal journal(world.store(), world.clock, {.keep = 0, .age = std::chrono::hours(1)});
  EXPECT_FALSE(journal.keeps_any());
  journal.add(world.instance(), attempt_of(world.request("dev-1"), "register"));
  journal.wait_until_written();
  EXPECT_EQ(kept(world), 0U);
}

TEST(AttemptJournal, WhatPeersBlowUpIsCut) {
  World world;
  AttemptJournal journal(world.store(), world.clock, {});
  model::Attempt attempt = attempt_of(world.request("dev-1"), "register");
  attempt.registration_id = std::string(5000, 'x');
  for (int i = 0; i < 100; ++i) attempt.checks.push_back({"check", false, std::string(5000, 'y')});
  journal.add(world.instance(), attempt);
  journal.wait_until_written();
  const auto found = world.must(world.store().find_attempt(world.instance(), attempt.tracking_id));
  ASSERT_TRUE(found);
  EXPECT_LT(found->registration_id.size(), 1100U);
  EXPECT_LE(found->checks.size(), 40U);
  EXPECT_TRUE(found->checks.front().facts.ends_with("(cut)"));
}

}  // namespace
}  // namespace muster::provisioning
