#include "crypto/passphrase.h"

#include <gtest/gtest.h>

namespace muster::crypto {
namespace {

SecretBytes secret(std::string_view text) {
  return SecretBytes(as_bytes(text));
}

TEST(Passphrase, GivesTheKeyOfTheStandard) {
  // RFC 7914 section 12: the first 32 of 64 octets, which do not depend on the length that is asked for
  const auto key = key_from_passphrase(secret("pleaseletmein"), as_bytes("SodiumChloride"), {16384, 8, 1});
  ASSERT_TRUE(key) << key.error().detail;
  EXPECT_EQ(hex_lower(key->reveal()), "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST(Passphrase, GivesAnotherKeyForAnotherPassphraseOrSalt) {
  const ScryptCost cheap{16, 1, 1};
  const auto key = key_from_passphrase(secret("a"), as_bytes("salt"), cheap).value();
  EXPECT_EQ(key_from_passphrase(secret("a"), as_bytes("salt"), cheap).value(), key);
  EXPECT_NE(key_from_passphrase(secret("b"), as_bytes("salt"), cheap).value(), key);
  EXPECT_NE(key_from_passphrase(secret("a"), as_bytes("tlas"), cheap).value(), key);
}

TEST(Passphrase, RefusesCostsThatNobodyMeans) {
  for (const ScryptCost& cost : {ScryptCost{0, 8, 1}, ScryptCost{1000, 8, 1}, ScryptCost{1ULL << 40U, 8, 1},
                                 ScryptCost{16, 0, 1}, ScryptCost{16, 8, 1ULL << 62U}}) {
    const auto key = key_from_passphrase(secret("a"), as_bytes("salt"), cost);
    ASSERT_FALSE(key) << cost.n << " " << cost.r << " " << cost.p;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace muster::crypto
