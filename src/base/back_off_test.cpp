#include "base/back_off.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

using std::chrono::milliseconds;

TEST(BackOff, WaitsTwiceAsLongEachTimeUpToItsMost) {
  SequenceRandom random;
  BackOff back_off({.first = milliseconds(100), .most = milliseconds(350)});
  for (const int step : {100, 200, 350, 350}) {
    const auto wait = back_off.next(random);
    EXPECT_GE(wait, milliseconds(step / 2));
    EXPECT_LE(wait, milliseconds(step));
  }
  back_off.reset();
  EXPECT_LE(back_off.next(random), milliseconds(100));
}

TEST(BackOff, IsNotTheSameForAll) {
  SequenceRandom random;
  const BackOff::Settings settings{.first = milliseconds(100'000), .most = milliseconds(100'000)};
  EXPECT_NE(BackOff(settings).next(random), BackOff(settings).next(random));
}

}  // namespace
}  // namespace muster
