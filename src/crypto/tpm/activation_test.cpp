#include "crypto/tpm/activation.h"

#include <numeric>

#include <gmock/gmock.h>

#include "crypto/tpm/credential.h"
#include "crypto/tpm/hmac_key_object.h"
#include "crypto/tpm/key_derivation.h"
#include "crypto/tpm/octets.h"
#include "crypto/tpm/test_tpm.h"

// device-api.md 5.6: the vectors, made with the keys and random values that it names.
namespace muster::crypto::tpm {
namespace {

using testing::SoftTpm;

Bytes counting(std::uint8_t first, std::size_t count) {
  Bytes octets(count);
  std::iota(octets.begin(), octets.end(), first);
  return octets;
}

/// Gives what it was given, in that order.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(Bytes octets) : octets_(std::move(octets)) {}
  void fill(std::span<std::uint8_t> out) override {
    ASSERT_LE(out.size(), octets_.size() - at_);
    std::copy_n(octets_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(), out.begin());
    at_ += out.size();
  }

 private:
  Bytes octets_;
  std::size_t at_ = 0;
};

Bytes vector_modulus() {
  Bytes modulus(256, 0x5a);
  modulus.front() = 0xc0;
  modulus.back() = 0x01;
  return modulus;
}

PublicArea vector_ek() {
  return make_endorsement_key(RsaPublic{2048, 0, vector_modulus()}).value();
}

ParentKey vector_srk() {
  OctetWriter out;
  out.u16(kRsa).u16(kSha256).u32(0x00030472).sized({}).u16(kAes).u16(128).u16(kCfb).u16(kNull);
  out.u16(2048).u32(0).sized(vector_modulus());
  return ParentKey::parse(sized(out.take()), KeyRole::kStorageRoot).value();
}

const SecretBytes kWrapKey(counting(0x10, 16));
const SecretBytes kSeed1(counting(0x80, 32));
const SecretBytes kSeed2(counting(0x60, 32));

HmacKeyObject vector_object() {
  FixedRandom obfuscation(counting(0x20, 32));
  return {SecretBytes(counting(0x40, 32)), obfuscation};
}

TEST(TpmVectors, NamesAndTheDefaultRegistrationId) {
  EXPECT_EQ(hex_lower(vector_srk().name()), "000b8be22cd0c1c81e801c48f951d223fd0431f3eee1ebe9d439b6b44ebb653a2bc3");
  EXPECT_EQ(default_registration_id(vector_ek()), "2shayesnczhxh3ijz5gylqshpm6yegfvifwdnz366vtyvni42iea");
  EXPECT_EQ(vector_ek().octets.size(), 316U);
  EXPECT_THAT(to_base64(vector_ek().octets), ::testing::StartsWith("AToAAQALAAMAsgAg"));
  EXPECT_EQ(vector_srk().area().octets.size(), 284U);
}

TEST(TpmVectors, TheHmacKeyObject) {
  const HmacKeyObject object = vector_object();
  EXPECT_EQ(hex_lower(object.public_area()),
            "00300008000b0004044000000005000b0020ae02e99bbdd3713ac87427589a48fc45818ef9a7ecd27941142d8f6f61afb7c1");
  EXPECT_EQ(hex_lower(object.name()), "000b015ac3bad11042e8e438c0104a8b815f901093b04feb86f5f4fa0b18419f3a1a");
  EXPECT_EQ(object.sensitive_area().size(), 106U);
  EXPECT_EQ(
      hex_lower(object.inner_wrap(kWrapKey)),
      "ed83feadabd49582bda60269c70ab660c5adc75bb242e0fc769eda3ab21decb008e2bd28aa8b822adda695c695c5e1164758df83cb1d"
      "749d1aab936c0756e8f258905105025ed5c487ef06c5ad319b315a478101377958017481498f89bf28a669482c76e2d7f747d82e1bf6"
      "d0bb358809b0e9f81760a927b0455085e9b260d0e4a2188c474ab41ea64138a0");
}

TEST(TpmVectors, KeysFromSeeds) {
  const HmacKeyObject object = vector_object();
  const ParentKey srk = vector_srk();
  const auto hex = [](const SecretBytes& key) { return hex_lower(key.reveal()); };
  EXPECT_EQ(hex(kdfa(Hash::kSha256, kSeed2, "STORAGE", object.name(), {}, 128)), "b4f57bac23f1fe23a00bbb3d7e130835");
  EXPECT_EQ(hex(kdfa(Hash::kSha256, kSeed2, "INTEGRITY", {}, {}, 256)),
            "5a5b51fd8c07230e73a94574caab5fb61db928813e5bbdecc586e0eb18b2e28b");
  EXPECT_EQ(hex(kdfa(Hash::kSha256, kSeed1, "STORAGE", srk.name(), {}, 128)), "67587518b1c9f9998bf2cb2846ffe547");
  EXPECT_EQ(hex(kdfa(Hash::kSha256, kSeed1, "INTEGRITY", {}, {}, 256)),
            "341d57cb90c0195844bb22792d813979c0281ae7df204307fb1c4f04e9e4d419");
}

TEST(TpmVectors, DuplicateAndCredential) {
  const ParentKey srk = vector_srk();
  const HmacKeyObject object = vector_object();
  EXPECT_EQ(
      hex_lower(sized(wrap_with_seed(srk, kSeed2, object.name(), object.inner_wrap(kWrapKey)))),
      "00ae0020d40cbeaa45396031ecb8613bdc13795253d6137e2aaa86c1546b0a6cf225d4b634c4d3a93ea2fa606e07f7f395d3f4dd0341"
      "eb67167e0ac5f9201e50e1a139a9f4ce410cc77e6cc90a545cc30cd37d90fdd7fe9d2d4962eafbd6ab05923ffafbc6c20459b0157a18"
      "7b162766bc4dbc9ebd5ab87e3418676e61cef20be4d71f65a4bec8d4a29a0c72f24d651cc542d73b447d1a658bfe1d774bca6af706d9"
      "2e1def1314fbdabfe31ed5a77496");
  const ParentKey ek = ParentKey::make(vector_ek(), KeyRole::kEndorsement).value();
  EXPECT_EQ(
      hex_lower(sized(wrap_with_seed(ek, kSeed1, srk.name(), sized(kWrapKey.reveal())))),
      "003400201c3a652d50af9783ead31bbf0e6312a8eef448d7822926c916806c149ef25ad572fbdc76b92fead9671c7ffedc68aad7ff0d");
}

TEST(TpmVectors, TheText) {
  EXPECT_EQ(hex_lower(sized(encrypt_cfb(kWrapKey, as_bytes("0ne00111111/registrations/dev-1")))),
            "001fddcd55c93edde05d310f6e9fe9aa9431663bc3356882b235e5538ca9799121");
}

struct Pair {
  const char* ek;
  const char* srk;
};

class Activation : public ::testing::TestWithParam<Pair> {};

TEST_P(Activation, OnlyTheTpmWithBothKeysGetsTheKey) {
  const SoftTpm tpm(GetParam().ek, GetParam().srk);
  const auto ek = ParentKey::parse(tpm.ek.octets, KeyRole::kEndorsement).value();
  const auto srk = ParentKey::parse(tpm.srk.octets, KeyRole::kStorageRoot).value();
  SystemRandom random;
  for (const std::size_t size : {16U, 32U, 64U}) {
    const SecretBytes key(random.bytes(size));
    const Bytes blob = make_activation(ek, srk, key, "0ne00111111/registrations/dev-1", random);
    const auto found = tpm.activate(blob);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found, key);
    EXPECT_EQ(tpm.text, "0ne00111111/registrations/dev-1");
  }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, Activation,
                         ::testing::Values(Pair{"TCG L-1", "TCG SRK RSA"}, Pair{"TCG L-2", "TCG SRK ECC"},
                                           Pair{"TCG L-2", "TCG SRK RSA"}, Pair{"TCG H-1", "primary ECC"},
                                           Pair{"TCG H-2", "primary RSA"}, Pair{"TCG H-3", "TCG SRK ECC"},
                                           Pair{"TCG H-6", "TCG SRK RSA"}, Pair{"TCG H-7", "TCG SRK RSA"}));

class ActivationOf : public ::testing::Test {
 protected:
  [[nodiscard]] Bytes blob(std::string_view text = "x") {
    return make_activation(ParentKey::parse(tpm_.ek.octets, KeyRole::kEndorsement).value(),
                           ParentKey::parse(tpm_.srk.octets, KeyRole::kStorageRoot).value(), key_, text, random_);
  }
  SoftTpm tpm_{"TCG L-2", "TCG SRK ECC"};
  SecretBytes key_{counting(1, kDeliveredKeySize)};
  SequenceRandom random_;
};

TEST_F(ActivationOf, AnotherStorageRootKeyDoesNotOpenIt) {
  const Bytes sealed = blob();
  SoftTpm other{"TCG L-2", "TCG SRK ECC"};
  std::swap(other.ek, tpm_.ek);
  EXPECT_FALSE(other.activate(sealed).has_value());
}

TEST_F(ActivationOf, AnotherEndorsementKeyDoesNotOpenIt) {
  const Bytes sealed = blob();
  SoftTpm other{"TCG L-2", "TCG SRK ECC"};
  std::swap(other.srk, tpm_.srk);
  EXPECT_FALSE(other.activate(sealed).has_value());
}

TEST_F(ActivationOf, EveryChangedOctetIsNoticedBeforeTheText) {
  const Bytes sealed = blob();
  for (std::size_t i = 0; i + 3 < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    const auto found = tpm_.activate(changed);
    EXPECT_FALSE(found.has_value()) << i;
  }
}

TEST_F(ActivationOf, NothingIsEverTheSameTwice) {
  EXPECT_NE(blob(), blob());
}

TEST_F(ActivationOf, ALongTextIsCut) {
  ASSERT_TRUE(tpm_.activate(blob(std::string(500, 'x'))).has_value());
  EXPECT_EQ(tpm_.text.size(), kMaxActivationText);
}

TEST(ActivationSize, FitsTheSaslFramesOfAllClientsForTheUsualKeys) {  // device-api.md 5.4: 972 octets
  const SoftTpm tpm;
  SequenceRandom random;
  const Bytes blob = make_activation(ParentKey::parse(tpm.ek.octets, KeyRole::kEndorsement).value(),
                                     ParentKey::parse(tpm.srk.octets, KeyRole::kStorageRoot).value(),
                                     SecretBytes(Bytes(kDeliveredKeySize, 1)), std::string(200, 'x'), random);
  EXPECT_EQ(blob.size(), 798U + kMaxActivationText);
}

TEST(TpmKeyDerivation, AgreesWithOpenssl) {
  const SecretBytes key(counting(1, 48));
  for (const std::size_t size : {16U, 32U, 48U, 100U}) {
    const SecretBytes ours = kdfa(Hash::kSha384, key, "LABEL", Bytes{1, 2}, Bytes{3}, size * 8);
    EXPECT_EQ(hex_lower(ours.reveal()),
              hex_lower(testing::kdfa_by_openssl("SHA384", counting(1, 48), "LABEL", Bytes{1, 2, 3}, size)));
  }
}

}  // namespace
}  // namespace muster::crypto::tpm
