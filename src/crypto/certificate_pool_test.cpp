#include "crypto/certificate_pool.h"

#include <gtest/gtest.h>

#include "crypto/issuing.h"
#include "crypto/test_certificates.h"

namespace muster::crypto {
namespace {

using testing::leaf_request;
using testing::make_party;

TEST(CertificatePool, GivesOneObjectForEqualCertificates) {
  CertificatePool pool;
  const Certificate one = make_party(leaf_request("one")).certificate;
  const Certificate copy = Certificate::from_der(one.der()).value();
  const Certificate other = make_party(leaf_request("other")).certificate;
  ASSERT_NE(one.native(), copy.native());
  EXPECT_EQ(pool.share(one.native()).native(), one.native());
  EXPECT_EQ(pool.share(copy.native()).native(), one.native());
  EXPECT_EQ(pool.share(other.native()), other);
}

TEST(CertificateSigner, IsRememberedForOneIssuerOnly) {
  const Certificate leaf = make_party(leaf_request("leaf")).certificate;
  const Certificate issuer = make_party(leaf_request("issuer")).certificate;
  const Certificate other = make_party(leaf_request("other")).certificate;
  EXPECT_FALSE(leaf.is_known_signed_by(issuer));
  leaf.remember_signer(issuer);
  leaf.remember_signer(other);
  EXPECT_TRUE(leaf.is_known_signed_by(issuer));
  EXPECT_FALSE(leaf.is_known_signed_by(other));
  EXPECT_FALSE(Certificate::from_der(leaf.der()).value().is_known_signed_by(issuer)) << "not of another object";
}

TEST(CertificateSigner, IsFoundByTheSignatureAndNotByTheName) {
  const auto root = make_party(testing::ca_request("CA"));
  const auto impostor = make_party(testing::ca_request("CA"));
  const Certificate leaf = make_party(leaf_request("leaf"), &root).certificate;
  EXPECT_FALSE(is_signed_by(leaf, impostor.certificate));
  EXPECT_FALSE(leaf.is_known_signed_by(impostor.certificate));
  EXPECT_TRUE(is_signed_by(leaf, root.certificate));
  EXPECT_TRUE(leaf.is_known_signed_by(root.certificate));
  EXPECT_FALSE(is_signed_by(leaf, impostor.certificate));
}

}  // namespace
}  // namespace muster::crypto
