#include "crypto/digest.h"

#include <numeric>

#include <gmock/gmock.h>

namespace muster::crypto {
namespace {

SecretBytes counting_from(std::uint8_t first, std::size_t count) {
  Bytes octets(count);
  std::iota(octets.begin(), octets.end(), first);
  return SecretBytes(std::move(octets));
}

TEST(Digest, HashesTheVectorsOfFips180) {
  EXPECT_EQ(hex_lower(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_lower(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_lower(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Digest, KnowsSha384) {  // FIPS 180-4, RFC 4231 test case 2
  EXPECT_EQ(hex_lower(sha384(as_bytes("abc"))),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(hex_lower(hmac_sha384(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
}

TEST(Digest, HashesPieceByPieceAsInOne) {
  Sha256Stream stream;
  for (const char* piece : {"", "a", "bc", ""}) stream.update(as_bytes(piece));
  EXPECT_EQ(stream.finish(), sha256(as_bytes("abc")));
}

TEST(Digest, AuthenticatesTheVectorsOfRfc4231) {
  EXPECT_EQ(hex_lower(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hex_lower(hmac_sha256(Bytes(131, 0xaa), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, AnEmptyKeyIsNotTheKeyOfTheCallBefore) {
  const Sha256 other = hmac_sha256(as_bytes("secret"), {});
  const Sha256 empty = hmac_sha256({}, {});
  EXPECT_NE(empty, other);
  EXPECT_EQ(hex_lower(empty), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, ComparesOctetsAndLengths) {
  EXPECT_TRUE(equal_constant_time(as_bytes("same"), as_bytes("same")));
  EXPECT_TRUE(equal_constant_time({}, {}));
  EXPECT_FALSE(equal_constant_time(as_bytes("same"), as_bytes("sama")));
  EXPECT_FALSE(equal_constant_time(as_bytes("same"), as_bytes("sam")));
}

struct DerivedKey {
  std::string_view what;
  SecretBytes master;
  std::string_view registration_id;
  std::string_view key;
};

TEST(Digest, DerivesTheDeviceKeysOfTheDocumentedVectors) {  // device-api.md 4.3, service-api.md 4
  const Bytes documented =
      from_base64("8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==").value();
  const DerivedKey cases[] = {
      {"documentation article", SecretBytes(ByteView(documented)), "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6",
       "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="},
      {"primary", counting_from(0x00, 32), "line7-unit0042", "3o9owRjWyu38zPCNIDOAZuDnOz+cAPnNFejFh8w94CE="},
      {"secondary", counting_from(0x20, 32), "line7-unit0042", "fH9Dz9JuelMI/DZ8zDIMaWSVppj5VFPnUxWFNuT73d8="},
  };
  for (const DerivedKey& c : cases) {
    EXPECT_EQ(to_base64(derive_device_key(c.master, c.registration_id).reveal()), c.key) << c.what;
  }
}

}  // namespace
}  // namespace muster::crypto
