#include "muster/sasl_tpm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "muster/fake_activated_key.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

using ::testing::HasSubstr;

class SaslTpmTest : public ::testing::Test {
 protected:
  SaslTpmTest() {
    device.id_scope = "0ne1";
    device.registration_id = "dev-1";
    device.tpm =
        TpmPublicKeys{.endorsement_key = to_base64(Bytes{0, 1, 2}), .storage_root_key = to_base64(Bytes{3, 0})};
  }

  DeviceRegistration device;
  KeyInMemory key;
  ManualClock clock{from_micros(1'800'000'000'000'000)};
  SaslTpm sasl{device, key, clock};
};

Bytes octets(std::string_view text) {
  return {text.begin(), text.end()};
}

TEST_F(SaslTpmTest, ShowsTheKeysOneAfterTheOther) {
  EXPECT_EQ(sasl.first_response(), octets(std::string_view("\0"
                                                           "0ne1\0dev-1\0\0\1\2",
                                                           15)));
  EXPECT_EQ(sasl.respond(Bytes{0}), (Bytes{0, 3, 0}));
}

TEST_F(SaslTpmTest, AnswersWithATokenOfTheKeyThatCameInSegments) {
  EXPECT_EQ(sasl.respond(octets("\x80the ke")), (Bytes{0}));
  const auto answer = sasl.respond(octets("\xC1y"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->front(), 0);
  const auto token = wire::parse_sas_token(as_text(ByteView(*answer).subspan(1)));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->resource, "0ne1/registrations/dev-1");
  EXPECT_TRUE(wire::signed_by(*token, SecretBytes(as_bytes("the key"))));
}

TEST_F(SaslTpmTest, TakesAsManySegmentsAsAKeyNeeds) {
  EXPECT_EQ(sasl.respond(octets("\x80"
                                "a")),
            (Bytes{0}));
  EXPECT_EQ(sasl.respond(octets("\x81"
                                "b")),
            (Bytes{0}));
  EXPECT_EQ(sasl.respond(octets("\x82"
                                "c")),
            (Bytes{0}));
  ASSERT_TRUE(
      sasl.respond(octets("\xC3"
                          "d")));
  EXPECT_EQ(key.active, SecretBytes(as_bytes("abcd")));
}

TEST_F(SaslTpmTest, RefusesSegmentsOutOfOrder) {
  EXPECT_FALSE(
      sasl.respond(octets("\x81"
                          "a")));
  EXPECT_FALSE(sasl.respond(Bytes{}));
}

TEST_F(SaslTpmTest, AKeyForAnotherTpmEndsIt) {
  key.refuses = true;
  const auto answer =
      sasl.respond(octets("\xC0"
                          "key"));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("another TPM"));
}

}  // namespace
}  // namespace muster::cli
