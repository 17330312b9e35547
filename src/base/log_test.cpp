#include "base/log.h"

#include <array>

#include <gmock/gmock.h>

namespace muster {
namespace {

std::string line(LogFormat format, const std::string& value) {
  const std::array fields{LogField{"id", value}};
  return format_log_line(format, "2026-01-15T10:20:30.1234560Z", LogLevel::kWarning, "registration.refused", fields);
}

TEST(LogLine, NamesTimeLevelEventAndFields) {
  EXPECT_EQ(line(LogFormat::kText, "dev-1"), "2026-01-15T10:20:30.1234560Z warning registration.refused id=dev-1");
  EXPECT_EQ(line(LogFormat::kJson, "dev-1"),
            R"({"time":"2026-01-15T10:20:30.1234560Z","level":"warning","event":"registration.refused","id":"dev-1"})");
}

struct Escape {
  std::string value;
  std::string_view written;
};

class HostileValue : public testing::TestWithParam<Escape> {};

TEST_P(HostileValue, IsEscapedInBothFormats) {
  EXPECT_THAT(line(LogFormat::kText, GetParam().value), testing::EndsWith(" id=" + std::string(GetParam().written)));
  EXPECT_THAT(line(LogFormat::kJson, GetParam().value),
              testing::EndsWith("\"id\":" + std::string(GetParam().written) + "}"));
}

INSTANTIATE_TEST_SUITE_P(Values, HostileValue,
                         testing::Values(Escape{"", R"("")"}, Escape{"a b", R"("a b")"},
                                         Escape{"x\n2026 error forged", R"("x\u000a2026 error forged")"},
                                         Escape{"\r\t\x1b[31m", R"("\u000d\u0009\u001b[31m")"},
                                         Escape{"\"}\\", R"("\"}\\")"}, Escape{"a=b", R"("a=b")"},
                                         Escape{std::string("a\0b", 3), R"("a\u0000b")"},
                                         Escape{"\x7f\xc3\xa4", R"("\u007f\u00c3\u00a4")"}));

TEST(LogLine, IsOneLineWhateverTheValueHolds) {
  for (int octet = 0; octet < 256; ++octet) {
    const std::string value(3, static_cast<char>(octet));
    for (LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
      for (char c : line(format, value)) ASSERT_TRUE(c >= ' ' && c < 0x7f) << octet;
    }
  }
}

}  // namespace
}  // namespace muster
