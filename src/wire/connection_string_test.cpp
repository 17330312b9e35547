#include "wire/connection_string.h"

#include <gmock/gmock.h>

namespace muster::wire {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kText =
    "HostName=dps.example.net;SharedAccessKeyName=provisioningserviceowner;"
    "SharedAccessKey=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

TEST(ConnectionString, IsReadAndWrittenInAzuresForm) {  // service-api.md 1.1
  const auto value = parse_connection_string(kText);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->host_name, "dps.example.net");
  EXPECT_EQ(value->key_name, "provisioningserviceowner");
  EXPECT_EQ(value->key.size(), 32U);
  EXPECT_EQ(format_connection_string(*value), kText);
}

TEST(ConnectionString, MembersComeInAnyOrderAndCaseWithAPortAndATrailingSemicolon) {
  const auto value = parse_connection_string(
      " sharedaccesskey = AAECAw== ;SHAREDACCESSKEYNAME=a-b_c@d.e;hostName=h.example.net:8443;");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->host_name, "h.example.net:8443");
  EXPECT_EQ(value->key_name, "a-b_c@d.e");
  EXPECT_EQ(value->key, SecretBytes(Bytes{0, 1, 2, 3}));
}

struct BadString {
  std::string text;
  std::string_view message;
};

class MalformedConnectionString : public testing::TestWithParam<BadString> {};

TEST_P(MalformedConnectionString, IsRefusedNamingTheMember) {
  const auto value = parse_connection_string(GetParam().text);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(value.error().message, HasSubstr(std::string(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, MalformedConnectionString,
    testing::Values(BadString{"", "HostName is missing"}, BadString{";;", "HostName is missing"},
                    BadString{"HostName", "no value"},
                    BadString{"HostName=;SharedAccessKeyName=n;SharedAccessKey=AA==", "HostName is missing"},
                    BadString{"HostName=h;SharedAccessKey=AA==", "SharedAccessKeyName is missing"},
                    BadString{"HostName=h;SharedAccessKeyName=n", "SharedAccessKey is missing"},
                    BadString{"HostName=h;SharedAccessKeyName=n;SharedAccessKey=", "SharedAccessKey is missing"},
                    BadString{"HostName=h;SharedAccessKeyName=n;SharedAccessKey=A", "not base64"},
                    BadString{"HostName=h;HostName=h", "HostName is repeated"},
                    BadString{"HostName=h;DeviceId=d", "unknown member DeviceId"},
                    BadString{"HostName=h\n;SharedAccessKeyName=a b;SharedAccessKey=AA==", "SharedAccessKeyName holds"},
                    BadString{"HostName=h\xff;SharedAccessKeyName=n;SharedAccessKey=AA==", "HostName holds"},
                    BadString{std::string(4097, 'x'), "longer"}));

TEST(ConnectionString, ErrorsNeverRepeatAMisplacedKey) {
  for (const std::string text : {"c2VjcmV0a2V5c2VjcmV0a2V5c2VjcmV0a2V5c2VjcmV0a2U=;HostName=h",
                                 "HostName=h;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0a2V5!!"}) {
    const auto value = parse_connection_string(text);
    ASSERT_FALSE(value);
    EXPECT_THAT(value.error().message + value.error().detail, Not(HasSubstr("c2VjcmV0a2V5")));
  }
}

}  // namespace
}  // namespace muster::wire
