#include "model/ids.h"

#include <gmock/gmock.h>

namespace muster::model {
namespace {

using namespace std::string_literals;

TEST(EnrollmentId, HasLettersDigitsAndFourSpecialCharacters) {
  for (const std::string& id : {"a"s, "7"s, "line7-unit0042"s, "AA:bb.cc_dd-"s, "x--"s, std::string(128, 'x')}) {
    EXPECT_TRUE(check_enrollment_id(id, "registrationId")) << id;
  }
}

TEST(EnrollmentId, RefusesAllElse) {  // R-005, service-api.md 3.2
  for (const std::string& id : {""s, std::string(129, 'x'), "-a"s, ".a"s, "_a"s, ":a"s, "a."s, "a_"s, "a:"s, "a b"s,
                                "a/b"s, "a+b"s, "a%20"s, "a\nb"s, "\xc3\xa4"s, "a\0"s}) {
    const auto checked = check_enrollment_id(id, "registrationId");
    ASSERT_FALSE(checked) << id;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(checked.error().message, testing::StartsWith("registrationId: "));
  }
}

TEST(DeviceId, HasTheCharactersOfTheHub) {  // hub-api.md 1.3
  EXPECT_TRUE(check_device_id("aZ09-:.+%_#*?!(),=@;$'"));
  EXPECT_TRUE(check_device_id(std::string(128, '.')));
  for (const std::string& id :
       {""s, std::string(129, 'x'), "a b"s, "a/b"s, "a\\b"s, "a&b"s, "a\"b"s, "\xc3\xa4"s, "a\n"s}) {
    EXPECT_FALSE(check_device_id(id)) << id;
  }
}

TEST(HostName, IsDottedLabels) {  // real-clients.md rule 9
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  for (const std::string& host : {"hub-a.example.net"s, "a.b"s, "127.0.0.1"s, "HUB.Test"s, "xn--a.b"s, longest}) {
    EXPECT_TRUE(check_host_name(host, "hub")) << host;
  }
  for (const std::string& host :
       {""s, "localhost"s, "."s, ".a"s, "a."s, "a..b"s, "-a.b"s, "a-.b"s, "a.b:443"s, "a_b.c"s, "a b.c"s,
        "https://a.b"s, label + "a.b", longest + "a", "a.b/c"s, "[::1]"s, "a.b\n"s}) {
    EXPECT_FALSE(check_host_name(host, "hub")) << host;
  }
}

TEST(IdKey, IgnoresCase) {
  EXPECT_EQ(id_key("Line7:Unit"), id_key("lINE7:uNIT"));
}

TEST(IdScope, Is0neAndEightHexadecimalDigits) {
  SequenceRandom random;
  const std::string scope = make_id_scope(random);
  EXPECT_THAT(scope, testing::MatchesRegex("0ne[0-9A-F]{8}"));
  EXPECT_NE(make_id_scope(random), scope);
}

}  // namespace
}  // namespace muster::model
