#include "base/random.h"

#include <set>

#include <gmock/gmock.h>

namespace muster {
namespace {

/// Every octet the same: shows which bits of a guid are fixed.
class ConstantRandom final : public Random {
 public:
  explicit ConstantRandom(std::uint8_t octet) : octet_(octet) {}
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, octet_); }

 private:
  std::uint8_t octet_;
};

TEST(Guid, IsAVersion4Uuid) {  // RFC 4122 section 4.4
  ConstantRandom ones(0xff);
  EXPECT_EQ(make_guid(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  ConstantRandom zeros(0x00);
  EXPECT_EQ(make_guid(zeros), "00000000-0000-4000-8000-000000000000");
}

TEST(Guid, DiffersEachTime) {
  SequenceRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(make_guid(random));
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(SequenceRandom, RepeatsForTheSameSeedOnly) {
  SequenceRandom first(7), second(7), other(8);
  const Bytes drawn = first.bytes(64);
  EXPECT_EQ(second.bytes(64), drawn);
  EXPECT_NE(other.bytes(64), drawn);
  EXPECT_NE(first.bytes(64), drawn);
}

TEST(SystemRandom, GivesAsManyOctetsAsAsked) {
  SystemRandom random;
  EXPECT_THAT(random.bytes(0), testing::IsEmpty());
  EXPECT_THAT(random.bytes(64), testing::SizeIs(64));
  EXPECT_NE(random.bytes(32), random.bytes(32));
}

TEST(TimeOrderedGuid, SortsByTimeAndMarksItsVersion) {  // RFC 9562 section 5.7
  SequenceRandom random;
  const TimePoint now = from_micros(1'790'000'000'123'456);
  const std::string earlier = make_time_ordered_guid(random, now);
  const std::string later = make_time_ordered_guid(random, now + std::chrono::milliseconds(1));
  EXPECT_THAT(earlier, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_EQ(earlier.substr(0, 13), "01a0c450-6c7b");
  EXPECT_LT(earlier, later);
  EXPECT_NE(earlier, make_time_ordered_guid(random, now));
  EXPECT_LT(first_time_ordered_guid(now), earlier);
  EXPECT_LT(earlier, first_time_ordered_guid(now + std::chrono::milliseconds(1)));
  EXPECT_TRUE(first_time_ordered_guid(from_micros(-5)).starts_with("00000000-0000-7000"));
}

}  // namespace
}  // namespace muster
