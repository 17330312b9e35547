#include "tpm/tpm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/tpm/activation.h"
#include "tpm/software_tpm.h"

namespace muster::tpm {
namespace {

using crypto::tpm::ParentKey;
using ::testing::HasSubstr;

constexpr Handle kOtherHandle = 0x81000101;

/// A TPM that has its owner.
class TpmTest : public ::testing::Test {
 protected:
  TpmTest() {
    EXPECT_EQ(tpm.persist(KeyRole::kEndorsement, ForeignObject::kKeep), Change::kMade);
    EXPECT_EQ(tpm.persist(KeyRole::kStorageRoot, ForeignObject::kKeep), Change::kMade);
  }

  ParentKey key(KeyRole role) { return *ParentKey::parse(tpm.primary_key(role)->public_key, role); }
  Bytes blob(const SecretBytes& delivered) {
    return crypto::tpm::make_activation(key(KeyRole::kEndorsement), key(KeyRole::kStorageRoot), delivered,
                                        "0ne00111111/registrations/dev-1", random);
  }

  SoftwareTpm software;
  Tpm tpm = *Tpm::open(software.tcti());
  SystemRandom random;
  SecretBytes secret{random.bytes(32)};
};

Bytes expected(const SecretBytes& secret, ByteView text) {
  const auto digest = crypto::hmac_sha256(secret.reveal(), text);
  return {digest.begin(), digest.end()};
}

TEST_F(TpmTest, SignsWithTheKeyThatAnActivationBlobBrings) {
  ASSERT_TRUE(tpm.activate(blob(secret)));
  EXPECT_EQ(tpm.hmac(as_bytes("scope%2Fregistrations%2Fdev-1\n1800000000")),
            expected(secret, as_bytes("scope%2Fregistrations%2Fdev-1\n1800000000")));
}

TEST_F(TpmTest, SignsTextsOfAnyLength) {
  ASSERT_TRUE(tpm.activate(blob(secret)));
  for (const std::size_t size : {0U, 1U, 1023U, 1024U, 1025U, 2048U, 5000U}) {
    const Bytes text(size, 'x');
    EXPECT_EQ(tpm.hmac(text), expected(secret, text)) << size;
  }
}

TEST_F(TpmTest, TakesKeysOfEveryLengthThatAServiceMaySend) {
  for (const std::size_t size : {16U, 24U, 32U, 48U, 64U}) {
    const SecretBytes other(random.bytes(size));
    ASSERT_TRUE(tpm.activate(blob(other))) << size;
    EXPECT_EQ(tpm.hmac(as_bytes("text")), expected(other, as_bytes("text"))) << size;
  }
}

TEST_F(TpmTest, KeepsAKeyInPlaceOfAnother) {
  const SecretBytes second(random.bytes(32));
  ASSERT_TRUE(tpm.activate(blob(secret)));
  ASSERT_TRUE(tpm.keep_active(kDeviceKeyHandle));
  ASSERT_TRUE(tpm.activate(blob(second)));
  EXPECT_EQ(tpm.hmac_at(kDeviceKeyHandle, as_bytes("t")), expected(secret, as_bytes("t"))) << "until it is kept";
  ASSERT_TRUE(tpm.keep_active(kDeviceKeyHandle));
  ASSERT_TRUE(tpm.keep_active(kOtherHandle));
  EXPECT_EQ(tpm.hmac_at(kDeviceKeyHandle, as_bytes("t")), expected(second, as_bytes("t")));
  EXPECT_EQ(tpm.hmac_at(kOtherHandle, as_bytes("t")), expected(second, as_bytes("t")));
  ASSERT_TRUE(tpm.evict(kOtherHandle));
  EXPECT_EQ(tpm.hmac_at(kOtherHandle, as_bytes("t")).error().code, ErrorCode::kNotFound);
}

TEST_F(TpmTest, KeepsNoKeyInPlaceOfSomethingElse) {
  ASSERT_TRUE(tpm.activate(blob(secret)));
  const auto kept = tpm.keep_active(kStorageRootKeyHandle);
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(tpm.primary_key(KeyRole::kStorageRoot)->persistent);
}

TEST_F(TpmTest, KeptKeysOutliveTheConnection) {
  ASSERT_TRUE(tpm.activate(blob(secret)));
  ASSERT_TRUE(tpm.keep_active(kDeviceKeyHandle));
  tpm = *Tpm::open(software.tcti());
  EXPECT_EQ(tpm.hmac_at(kDeviceKeyHandle, as_bytes("t")), expected(secret, as_bytes("t")));
  EXPECT_EQ(tpm.hmac(as_bytes("t")).error().code, ErrorCode::kNotFound);
}

TEST_F(TpmTest, RefusesABlobForAnotherTpm) {
  SoftwareTpm other_software;
  Tpm other = *Tpm::open(other_software.tcti());
  ASSERT_TRUE(other.persist(KeyRole::kEndorsement, ForeignObject::kKeep));
  ASSERT_TRUE(other.persist(KeyRole::kStorageRoot, ForeignObject::kKeep));
  const auto activated = other.activate(blob(secret));
  ASSERT_FALSE(activated);
  EXPECT_EQ(activated.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(activated.error().message, HasSubstr("open the credential"));
  EXPECT_EQ(other.hmac(as_bytes("t")).error().code, ErrorCode::kNotFound);
}

TEST_F(TpmTest, RefusesABlobForAnEarlierOwner) {
  const Bytes before = blob(secret);
  ASSERT_TRUE(tpm.clear(ClearBy::kLockout));
  ASSERT_EQ(tpm.persist(KeyRole::kEndorsement, ForeignObject::kKeep), Change::kMade);
  ASSERT_EQ(tpm.persist(KeyRole::kStorageRoot, ForeignObject::kKeep), Change::kMade);
  const auto activated = tpm.activate(before);
  ASSERT_FALSE(activated);
  EXPECT_EQ(activated.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(activated.error().message, HasSubstr("another TPM or another owner"));
  EXPECT_TRUE(tpm.activate(blob(secret))) << "a new one is taken";
}

TEST_F(TpmTest, RefusesChangedBlobsAndLeavesNothingInTheTpm) {
  const Bytes good = blob(secret);
  // One octet in each piece: credential, seed, duplicate, seed, public part.
  for (const std::size_t at : {20U, 100U, 400U, 600U, 760U}) {
    Bytes changed = good;
    changed.at(at) ^= 1;
    EXPECT_FALSE(tpm.activate(changed)) << at;
  }
  // More often than a TPM has room for objects and sessions (three of each), at the last command but one.
  Bytes changed = good;
  changed.at(400) ^= 1;
  for (int i = 0; i < 10; ++i) ASSERT_THAT(tpm.activate(changed).error().message, HasSubstr("import the key"));
  EXPECT_TRUE(tpm.activate(good));
}

TEST_F(TpmTest, NeedsItsKeysWhereDevicesKeepThem) {
  const Bytes good = blob(secret);
  for (const Handle handle : {kEndorsementKeyHandle, kStorageRootKeyHandle}) {
    ASSERT_TRUE(tpm.evict(handle));
    EXPECT_EQ(tpm.activate(good).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(tpm.persist(KeyRole::kEndorsement, ForeignObject::kKeep));
    ASSERT_TRUE(tpm.persist(KeyRole::kStorageRoot, ForeignObject::kKeep));
  }
  EXPECT_TRUE(tpm.activate(good)) << "the same keys again";
}

TEST(Tpm, TooLongAnAuthorizationIsRefused) {
  SoftwareTpm software;
  const auto opened = Tpm::open(software.tcti(), {.owner = SecretBytes(Bytes(65, 'x'))});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidArgument);
}

TEST(Tpm, NoTpmIsUnavailable) {
  const auto opened = Tpm::open("device:/nonexistent");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("Cannot reach a TPM by \"device:/nonexistent\""));
}

}  // namespace
}  // namespace muster::tpm
