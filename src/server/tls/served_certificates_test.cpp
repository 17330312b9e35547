#include "server/tls/served_certificates.h"

#include <gtest/gtest.h>

#include "server/tls/test_certificates.h"

namespace muster::server::test {
namespace {

TEST(ServedCertificates, TellTheNarrowestValidityOfEachChain) {
  const Credential root =
      self_signed("short-lived root", crypto::CertificateUse::kRootCa, must(crypto::PrivateKey::generate_p256()),
                  {kNow - std::chrono::days(1), kNow + std::chrono::days(1)});
  const Credential leaf = issued("leaf.example", crypto::CertificateUse::kServer, root);
  std::vector<TlsIdentity> identities;
  identities.push_back(leaf.identity());
  identities.push_back(rsa_server().identity());
  identities.push_back({"not a certificate", SecretBytes()});

  ServedCertificates served;
  EXPECT_TRUE(served.all().empty());
  served.set(identities);
  const auto all = served.all();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].common_name, "leaf.example");
  EXPECT_EQ(all[0].key_type, "ecdsa");
  EXPECT_EQ(all[0].not_before, kNow - std::chrono::days(1));
  EXPECT_EQ(all[0].not_after, kNow + std::chrono::days(1));
  EXPECT_EQ(all[1].key_type, "rsa");
  EXPECT_EQ(all[1].not_after, Validity().until);
}

}  // namespace
}  // namespace muster::server::test
