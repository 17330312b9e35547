#include "muster/import_progress.h"

#include <sstream>

#include <gmock/gmock.h>

namespace muster::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(ProgressText, TellsRateShareAndWhatIsLeft) {
  EXPECT_EQ(progress_text(50'000, seconds(2), 1000, 0, 4000), "50000 entries  25000/s  25%  0:06 left");
  EXPECT_EQ(progress_text(50'000, seconds(2), 1000, 2000, 4000), "50000 entries  25000/s  75%  0:02 left")
      << "what earlier runs did counts for the share, not for the rate";
  EXPECT_EQ(progress_text(1, seconds(100), 1, 0, 101), "1 entries  0/s  0%  166:40 left");
}

TEST(ProgressText, TellsWhatIsKnown) {
  EXPECT_EQ(progress_text(10, seconds(1), 100, 0, std::nullopt), "10 entries  10/s");
  EXPECT_EQ(progress_text(0, seconds(0), 0, 0, 100), "0 entries  0/s");
  EXPECT_EQ(progress_text(1, seconds(1), 200, 0, 100), "1 entries  1/s  100%  0:00 left") << "the file grew";
}

TEST(ProgressLine, ShowsFiveTimesASecondAtMost) {
  std::ostringstream out;
  ManualClock clock{from_micros(0)};
  ProgressLine line(out, ProgressLine::Terminal::kYes, clock, std::nullopt);
  for (int i = 0; i < 100; ++i) {
    line.show(static_cast<std::size_t>(i), 1, 0);
    clock.advance(milliseconds(10));
  }
  std::size_t shown = 0;
  const std::string text = out.str();
  for (std::size_t at = text.find("entries"); at != std::string::npos; at = text.find("entries", at + 1)) ++shown;
  EXPECT_EQ(shown, 5U);
}

TEST(ProgressLine, LeavesAnEmptyLineBehind) {
  std::ostringstream out;
  const ManualClock clock{from_micros(0)};
  ProgressLine line(out, ProgressLine::Terminal::kYes, clock, 100);
  line.clear();
  EXPECT_EQ(out.str(), "");
  line.show(1, 50, 0);
  EXPECT_THAT(out.str(), HasSubstr("50%"));
  line.clear();
  EXPECT_TRUE(out.str().ends_with("\r\x1b[K"));
}

TEST(ProgressLine, IsForTerminalsOnly) {
  std::ostringstream out;
  const ManualClock clock{from_micros(0)};
  ProgressLine line(out, ProgressLine::Terminal::kNo, clock, 100);
  line.show(1, 50, 0);
  line.clear();
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace muster::cli
