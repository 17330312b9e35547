#include "tpm/activation_blob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/tpm/activation.h"
#include "tpm/esys.h"
#include "tpm/templates.h"

namespace muster::tpm {
namespace {

using crypto::tpm::ParentKey;
using ::testing::HasSubstr;

/// A key of the template with a modulus of which only the Name matters.
ParentKey key(KeyRole role) {
  TPM2B_PUBLIC made = template_of(role);
  std::ranges::fill(made.publicArea.unique.rsa.buffer, BYTE{0x5A});
  made.publicArea.unique.rsa.buffer[0] = 0xC0;
  made.publicArea.unique.rsa.buffer[255] = 0x01;
  return *ParentKey::parse(*to_octets(made), role);
}

Bytes blob() {
  SequenceRandom random;
  return crypto::tpm::make_activation(key(KeyRole::kEndorsement), key(KeyRole::kStorageRoot), SecretBytes(Bytes(32, 1)),
                                      "text", random);
}

TEST(ActivationBlob, ReadsWhatTheServiceWrites) {
  const auto parsed = parse_activation_blob(blob());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->credential.size, 52);
  EXPECT_EQ(parsed->to_endorsement_key.size, 256);
  EXPECT_EQ(parsed->duplicate.size, 174);
  EXPECT_EQ(parsed->to_storage_root_key.size, 256);
  EXPECT_EQ(parsed->public_area.publicArea.type, TPM2_ALG_KEYEDHASH);
}

TEST(ActivationBlob, RefusesEveryShorterOne) {
  const Bytes whole = blob();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_activation_blob(ByteView(whole).first(size))) << size;
  }
}

TEST(ActivationBlob, RefusesWhatStandsBehindIt) {
  Bytes longer = blob();
  longer.push_back(0);
  const auto parsed = parse_activation_blob(longer);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("1 octets stand behind"));
}

TEST(ActivationBlob, NamesThePieceThatIsWrong) {
  const Bytes whole = blob();
  EXPECT_THAT(parse_activation_blob({}).error().message, HasSubstr("empty"));
  EXPECT_THAT(parse_activation_blob(ByteView(whole).first(50)).error().message, HasSubstr("credential"));
  EXPECT_THAT(parse_activation_blob(ByteView(whole).first(100)).error().message, HasSubstr("endorsement key"));
  EXPECT_THAT(parse_activation_blob(ByteView(whole).first(400)).error().message, HasSubstr("private part"));
}

}  // namespace
}  // namespace muster::tpm
