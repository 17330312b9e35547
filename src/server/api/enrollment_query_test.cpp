#include "server/api/enrollment_query.h"

#include <atomic>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "provisioning/test_world.h"

namespace muster::server {
namespace {

using model::EnrollmentKind;
using provisioning::testing::World;
using testing::HasSubstr;
using testing::SizeIs;

boost::json::object body(std::string_view text) {
  return {{"query", text}};
}

std::string refusal(std::string_view text, EnrollmentKind kind = EnrollmentKind::kIndividual) {
  const auto query = read_enrollment_query(body(text), kind);
  return query ? "accepted" : query.error().message;
}

TEST(EnrollmentQuery, OnlyTheOrderOfTheIdsCanBeAskedFor) {
  EXPECT_EQ(refusal("* ORDER BY registrationId"), "accepted");
  EXPECT_EQ(refusal("* ORDER BY registrationId ASC, deviceId DESC"), "accepted");
  EXPECT_EQ(refusal("* ORDER BY enrollmentGroupId", EnrollmentKind::kGroup), "accepted");
  EXPECT_EQ(refusal("* ORDER BY registrationId DESC"),
            "query column 12: ORDER BY registrationId ASC is the only order there is.");
  EXPECT_THAT(refusal("* ORDER BY enrollmentGroupId"), HasSubstr("column 12"));
  EXPECT_THAT(refusal("* ORDER BY deviceId, registrationId"), HasSubstr("column 12"));
}

TEST(EnrollmentQuery, NeedsAText) {
  EXPECT_FALSE(read_enrollment_query({}, EnrollmentKind::kIndividual));
  EXPECT_FALSE(read_enrollment_query({{"query", 5}}, EnrollmentKind::kIndividual));
}

/// Entries dev-00000, dev-00001, ... all written at once, so that they share commits.
class LargeCollection : public testing::Test {
 protected:
  static constexpr std::size_t kEntries = kMaxScannedEntries + 150;

  static void SetUpTestSuite() {
    world_ = std::make_unique<World>();
    static std::atomic<std::size_t> stored;  // outlives the writer's last touch of it
    stored = 0;
    for (std::size_t i = 0; i < kEntries; ++i) {
      const std::string id = fmt::format("dev-{:05}", i);
      start(world_->store().change_enrollment(world_->instance(), EnrollmentKind::kIndividual, id,
                                              [id](const model::Enrollment*) -> Result<model::Enrollment> {
                                                model::Enrollment entry;
                                                entry.id = id;
                                                entry.attestation = model::TpmAttestation{"AToAAQ==", ""};
                                                return entry;
                                              }),
            [](const auto& result) {
              EXPECT_TRUE(result);
              stored.fetch_add(1);
              stored.notify_one();
            });
    }
    for (std::size_t done = stored; done < kEntries; done = stored) stored.wait(done);
  }
  static void TearDownTestSuite() { world_.reset(); }

  static EnrollmentPage ask(std::string_view text, const std::string& after, std::size_t limit) {
    auto query = read_enrollment_query(body(text), EnrollmentKind::kIndividual);
    EXPECT_TRUE(query);
    return world_->must(run_enrollment_query(world_->store(), world_->instance(), EnrollmentKind::kIndividual,
                                             std::move(*query), {after, limit}));
  }

  static std::string id_of(const boost::json::value& item) {
    return std::string(item.at("registrationId").as_string());
  }

  static std::unique_ptr<World> world_;
};

std::unique_ptr<World> LargeCollection::world_;

TEST_F(LargeCollection, OneRequestLooksAtABoundedNumberAndLeadsOn) {
  const EnrollmentPage first = ask("* WHERE registrationId = 'dev-10149'", "", 100);
  EXPECT_THAT(first.items, SizeIs(0));
  EXPECT_EQ(first.next, "dev-09999");
  const EnrollmentPage second = ask("* WHERE registrationId = 'dev-10149'", first.next, 100);
  ASSERT_THAT(second.items, SizeIs(1));
  EXPECT_EQ(id_of(second.items[0]), "dev-10149");
  EXPECT_EQ(second.next, "");
}

TEST_F(LargeCollection, AFullPageEndsAtItsLastItem) {
  const EnrollmentPage page = ask("* WHERE registrationId >= 'dev-00195'", "", 10);
  ASSERT_THAT(page.items, SizeIs(10));
  EXPECT_EQ(id_of(page.items[9]), "dev-00204");
  EXPECT_EQ(page.next, "dev-00204");
  EXPECT_EQ(id_of(ask("* WHERE registrationId >= 'dev-00195'", page.next, 10).items[0]), "dev-00205");
}

TEST_F(LargeCollection, APageThatIsFullWithTheLastEntryEndsTheAnswer) {
  const EnrollmentPage page = ask("* WHERE registrationId >= 'dev-10140'", "dev-10000", 10);
  EXPECT_THAT(page.items, SizeIs(10));
  EXPECT_EQ(page.next, "");
}

TEST_F(LargeCollection, AllPagesTogetherAreEveryMatchOnce) {
  std::vector<std::string> found;
  std::string after;
  do {
    const EnrollmentPage page = ask("SELECT registrationId WHERE NOT registrationId < 'dev-09000'", after, 300);
    EXPECT_LE(page.items.size(), 300U);
    for (const auto& item : page.items) found.push_back(id_of(item));
    after = page.next;
  } while (!after.empty());
  ASSERT_THAT(found, SizeIs(kEntries - 9000));
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], fmt::format("dev-{:05}", 9000 + i));
}

}  // namespace
}  // namespace muster::server
