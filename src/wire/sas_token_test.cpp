#include "wire/sas_token.h"

#include <gmock/gmock.h>

#include "wire/percent.h"

namespace muster::wire {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using testing::HasSubstr;

SecretBytes counted_key(int first) {
  Bytes octets;
  for (int i = 0; i < 32; ++i) octets.push_back(static_cast<std::uint8_t>(first + i));
  return SecretBytes(std::move(octets));
}

struct Vector {
  int first_octet;
  std::string_view resource;
  std::string_view signature;
  std::string_view expiry;
};

// device-api.md 4.4 and service-api.md 1.2.
constexpr Vector kVectors[] = {
    {0x40, "0ne00111111%2Fregistrations%2Fdev-1", "Wgr3iyuv1rpwFSpDhJv/LnMEaogIfS5TUUKXNFvzgDU=", "1900000000"},
    {0x40, "0ne00111111/registrations/dev-1", "ZwyKIBzpRf3LnDbkKNPF/Rr6fK7DTysfBnOzTGtvC84=", "1900000000"},
    {0x00, "contoso-dps.example.net", "Cb102vf06rXgigsS2nYmuwoPTR8HaIA25dftV3/pveU=", "1893456000"},
    {0x00, "contoso-dps.example.net%3a8443", "RX7cNH1ime4d+CFWxruG21bfa90bWjSfW6oCvN65pIw=", "1893456000"},
    {0x00, "https%3A%2F%2Fcontoso-dps.example.net", "TA4xbYZiPVe4N7KF5ejnevaAz7dSB7gpAaH6hxm020U=", "1893456000"},
};

std::string token_text(const Vector& vector, std::string_view encoded_signature) {
  return "SharedAccessSignature sr=" + std::string(vector.resource) + "&sig=" + std::string(encoded_signature) +
         "&se=" + std::string(vector.expiry);
}

TEST(SasToken, IsVerifiedOverTheLiteralResource) {  // device-api.md 4.1
  for (const Vector& vector : kVectors) {
    const auto token = parse_sas_token(token_text(vector, percent_encode(vector.signature)));
    ASSERT_TRUE(token) << vector.resource;
    EXPECT_EQ(token->resource, percent_decode(vector.resource));
    EXPECT_TRUE(signed_by(*token, counted_key(vector.first_octet))) << vector.resource;
    EXPECT_FALSE(signed_by(*token, counted_key(vector.first_octet + 1)));
    EXPECT_FALSE(signed_by(*token, SecretBytes()));
  }
}

TEST(SasToken, IsVerifiedOverTheDecodedResourceToo) {  // service-api.md 1.2
  Vector vector = kVectors[1];
  vector.resource = "0ne00111111%2fregistrations%2Fdev-1";
  const auto token = parse_sas_token(token_text(vector, vector.signature));
  ASSERT_TRUE(token);
  EXPECT_TRUE(signed_by(*token, counted_key(0x40)));
}

TEST(SasToken, WithoutAnyKeyIsNeverSigned) {
  const auto token = parse_sas_token(make_sas_token("r", SecretBytes(), TimePoint(), ""));
  ASSERT_TRUE(token);
  EXPECT_FALSE(signed_by(*token, SecretBytes()));
}

TEST(SasToken, SignatureMayBeEscapedInAnyWay) {
  for (std::string_view signature :
       {"RX7cNH1ime4d+CFWxruG21bfa90bWjSfW6oCvN65pIw=", "RX7cNH1ime4d%2bCFWxruG21bfa90bWjSfW6oCvN65pIw%3d",
        "RX7cNH1ime4d%2BCFWxruG21bfa90bWjSfW6oCvN65pIw%3D"}) {
    const auto token = parse_sas_token(token_text(kVectors[3], signature));
    ASSERT_TRUE(token) << signature;
    EXPECT_TRUE(signed_by(*token, counted_key(0))) << signature;
  }
}

TEST(SasToken, FieldsComeInAnyOrderAndUnknownOnesAreIgnored) {
  const std::string signature(kVectors[2].signature);
  const std::string sr = "sr=contoso-dps.example.net", sig = "sig=" + signature, se = "se=1893456000";
  for (const std::string& fields : {sr + "&" + sig + "&skn=owner%40x&" + se, sig + "&" + se + "&skn=owner%40x&" + sr,
                                    se + "&x=1&x=2&skn=owner%40x&" + sr + "&" + sig}) {
    const auto token = parse_sas_token("SharedAccessSignature " + fields);
    ASSERT_TRUE(token) << fields;
    EXPECT_EQ(token->key_name, "owner@x");
    EXPECT_TRUE(signed_by(*token, counted_key(0)));
  }
}

TEST(SasToken, KeyNameMayBeEmptyOrAbsent) {  // device-api.md 4.1: Java and Python
  const std::string text = token_text(kVectors[2], kVectors[2].signature);
  EXPECT_EQ(parse_sas_token(text)->key_name, "");
  EXPECT_EQ(parse_sas_token(text + "&skn=")->key_name, "");
}

TEST(SasToken, ExpiryIsInSecondsAndSaturates) {
  const auto expiry = [](std::string_view se) {
    return parse_sas_token("SharedAccessSignature sr=r&sig=" + std::string(kVectors[2].signature) +
                           "&se=" + std::string(se))
        ->expiry;
  };
  EXPECT_EQ(expiry("0"), TimePoint());
  EXPECT_EQ(expiry("1893456000"), TimePoint(1893456000s));
  EXPECT_EQ(expiry("000000000000000001"), TimePoint(1s));
  EXPECT_GT(expiry("999999999999999999"), TimePoint::max() - 1s);
}

TEST(SasToken, ExpiresAfterTheTolerance) {  // device-api.md 4.1: reject if se + skew < now
  SasToken token;
  token.expiry = TimePoint(1000s);
  EXPECT_FALSE(has_expired(token, TimePoint(999s), 0s));
  EXPECT_FALSE(has_expired(token, TimePoint(1300s), 300s));
  EXPECT_TRUE(has_expired(token, TimePoint(1300s) + 1us, 300s));
  token.expiry = TimePoint::max();
  EXPECT_FALSE(has_expired(token, TimePoint(1300s), 300s));
}

TEST(SasToken, MadeHereIsAcceptedHere) {
  const SecretBytes key = counted_key(9);
  for (std::string_view resource : {"0ne00111111/registrations/dev:1", "host.example.net", "a b+c%"}) {
    const auto token = parse_sas_token(make_sas_token(resource, key, TimePoint(1900000000s) + 5us, "owner&co"));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->resource, resource);
    EXPECT_EQ(token->expiry, TimePoint(1900000000s));
    EXPECT_EQ(token->key_name, "owner&co");
    EXPECT_TRUE(signed_by(*token, key));
  }
}

TEST(SasToken, MadeHereEqualsTheVector) {
  EXPECT_EQ(make_sas_token("0ne00111111/registrations/dev-1", counted_key(0x40), TimePoint(1900000000s), ""),
            token_text(kVectors[0], percent_encode(kVectors[0].signature)));
}

TEST(SasToken, AnyChangeBreaksTheSignature) {
  const auto good = parse_sas_token(token_text(kVectors[0], kVectors[0].signature));
  ASSERT_TRUE(good);
  SasToken other = *good;
  other.expiry_literal = "1900000001";
  EXPECT_FALSE(signed_by(other, counted_key(0x40)));
  other = *good;
  other.signature[31] ^= 1;
  EXPECT_FALSE(signed_by(other, counted_key(0x40)));
  other = *good;
  other.resource_literal = other.resource = "0ne00111111/registrations/dev-2";
  EXPECT_FALSE(signed_by(other, counted_key(0x40)));
}

#define MUSTER_SIG "Cb102vf06rXgigsS2nYmuwoPTR8HaIA25dftV3/pveU="

struct BadToken {
  std::string text;
  std::string_view detail;
};

class MalformedSasToken : public testing::TestWithParam<BadToken> {};

TEST_P(MalformedSasToken, IsRefusedWithTheFaultInTheDetailOnly) {  // device-api.md 4.1.5: same text for all reasons
  const auto token = parse_sas_token(GetParam().text);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(token.error().message, "Unauthorized");
  EXPECT_THAT(token.error().detail, HasSubstr(std::string(GetParam().detail)));
}

std::string fields(std::string_view text) {
  return "SharedAccessSignature " + std::string(text);
}

INSTANTIATE_TEST_SUITE_P(
    Tokens, MalformedSasToken,
    testing::Values(BadToken{"", "does not begin"}, BadToken{"Bearer x", "does not begin"},
                    BadToken{"SharedAccessSignature", "does not begin"},
                    BadToken{"SharedAccessSignature\tsr=r&sig=" MUSTER_SIG "&se=1", "does not begin"},
                    BadToken{fields(""), "no value"}, BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1&"), "no value"},
                    BadToken{fields("sr&sig=" MUSTER_SIG "&se=1"), "no value"},
                    BadToken{fields("sig=" MUSTER_SIG "&se=1"), "sr is missing"},
                    BadToken{fields("sr=r&se=1"), "sig is missing"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG), "se is missing"},
                    BadToken{fields("SR=r&sig=" MUSTER_SIG "&se=1"), "sr is missing"},
                    BadToken{fields("sr=r&sr=r&sig=" MUSTER_SIG "&se=1"), "sr is repeated"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&sig=" MUSTER_SIG "&se=1"), "sig is repeated"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1&se=2"), "se is repeated"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1&skn=a&skn=b"), "skn is repeated"},
                    BadToken{fields("sr=&sig=" MUSTER_SIG "&se=1"), "sr is empty"},
                    BadToken{fields("sr=%2&sig=" MUSTER_SIG "&se=1"), "sr is empty or has a broken"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1&skn=%"), "skn has a broken"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se="), "digits"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1234567890123456789"), "digits"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=-1"), "not a number"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1.5"), "not a number"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=+1"), "not a number"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1 "), "not a number"},
                    BadToken{fields("sr=r&sig=%&se=1"), "broken"}, BadToken{fields("sr=r&sig=&se=1"), "0 octets"},
                    BadToken{fields("sr=r&sig=abc&se=1"), "not base64"},
                    BadToken{fields("sr=r&sig=AAAA&se=1"), "3 octets"},
                    BadToken{fields("sr=r&sig=%2520" MUSTER_SIG "&se=1"), "not base64"},
                    BadToken{fields("sr=r\n&sig=" MUSTER_SIG "&se=1"), "printable"},
                    BadToken{fields("sr=\xc3\xa4&sig=" MUSTER_SIG "&se=1"), "printable"},
                    BadToken{fields("sr=r&sig=" MUSTER_SIG "&se=1&x=" + std::string(4096, 'x')), "longer"}));

#undef MUSTER_SIG

}  // namespace
}  // namespace muster::wire
