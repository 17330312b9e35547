#include "base/random.h"

#include <array>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

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

TEST(SystemRandom, NeverGivesTheSameTwice) {
  SystemRandom random;
  std::set<Bytes> seen;
  std::mutex mutex;  // protects seen
  const auto draw = [&] {
    for (int i = 0; i < 1000; ++i) {
      for (const std::size_t size : {16U, 64U, 65U, 2000U}) {
        const Bytes drawn = random.bytes(size);
        const std::scoped_lock lock(mutex);
        EXPECT_TRUE(seen.insert(Bytes(drawn.begin(), drawn.begin() + 16)).second);
      }
    }
  };
  {
    const std::jthread first(draw);
    const std::jthread second(draw);
  }
  EXPECT_EQ(seen.size(), 8000U);
}

TEST(SystemRandom, AChildProcessDrawsItsOwn) {
  SystemRandom random;
  static_cast<void>(random.bytes(16));
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Bytes drawn = random.bytes(16);
    ::_exit(::write(ends[1], drawn.data(), drawn.size()) == 16 ? 0 : 1);
  }
  const Bytes ours = random.bytes(16);
  Bytes theirs(16);
  EXPECT_EQ(::read(ends[0], theirs.data(), theirs.size()), 16);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(ours, theirs);
  for (const int end : ends) ::close(end);
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
