#include "base/bytes.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

using namespace std::string_view_literals;

struct Base64Vector {
  std::string_view plain;
  std::string_view encoded;
};

// RFC 4648 section 10, and the alphabet's last two characters.
constexpr Base64Vector kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xfe"sv, "+//+"},
};

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  for (const auto& [plain, encoded] : kVectors) EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
}

TEST(Base64, DecodesTheVectorsOfRfc4648) {
  for (const auto& [plain, encoded] : kVectors) {
    const auto octets = from_base64(encoded);
    ASSERT_TRUE(octets) << encoded;
    EXPECT_EQ(as_text(*octets), plain);
  }
}

TEST(Base64, DecodesWhatItEncodedForEveryLengthAndOctet) {
  Bytes octets;
  for (int i = 0; i < 260; ++i) {
    EXPECT_EQ(from_base64(to_base64(octets)), octets);
    octets.push_back(static_cast<std::uint8_t>(i * 37));
  }
}

class BadBase64 : public testing::TestWithParam<std::string_view> {};

TEST_P(BadBase64, IsRefused) {
  EXPECT_EQ(from_base64(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Texts, BadBase64,
                         testing::Values("Z", "Zg", "Zg=", "Zm9", "====", "Z===", "=Zg=", "Zg=a", "Zg==Zg==", "Zm9v\n",
                                         "Zm 9", "Zm-_", "Zh==", "Zm9=", "Zm9v====", "\xffm9v", "Zm\0v"sv));

TEST(Hex, WritesBothCases) {
  const Bytes octets{0x00, 0x9a, 0xff};
  EXPECT_EQ(hex_lower(octets), "009aff");
  EXPECT_EQ(hex_upper(octets), "009AFF");
}

TEST(Hex, ReadsBothCases) {
  EXPECT_EQ(from_hex("009aFF"), (Bytes{0x00, 0x9a, 0xff}));
  EXPECT_EQ(from_hex(""), Bytes{});
  EXPECT_EQ(octet_from_hex("aF"), 0xaf);
}

TEST(Hex, AnOctetHasTwoDigits) {
  for (const std::string_view text : {"", "a", "afa", "ag", "%2"}) EXPECT_EQ(octet_from_hex(text), std::nullopt);
}

class BadHex : public testing::TestWithParam<std::string_view> {};

TEST_P(BadHex, IsRefused) {
  EXPECT_EQ(from_hex(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Texts, BadHex, testing::Values("0", "000", "0g", "g0", " 0", "0x", "-1", "\xff\xff"));

TEST(Bytes, Base32OfRfc4648InLowerCaseWithoutPadding) {
  EXPECT_EQ(to_base32_lower({}), "");
  EXPECT_EQ(to_base32_lower(as_bytes("f")), "my");
  EXPECT_EQ(to_base32_lower(as_bytes("fo")), "mzxq");
  EXPECT_EQ(to_base32_lower(as_bytes("foo")), "mzxw6");
  EXPECT_EQ(to_base32_lower(as_bytes("foob")), "mzxw6yq");
  EXPECT_EQ(to_base32_lower(as_bytes("fooba")), "mzxw6ytb");
  EXPECT_EQ(to_base32_lower(as_bytes("foobar")), "mzxw6ytboi");
}

}  // namespace
}  // namespace muster
