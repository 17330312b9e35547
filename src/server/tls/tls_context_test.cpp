#include "server/tls/tls_context.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/tls/test_certificates.h"

namespace muster::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string error_of(const std::vector<TlsIdentity>& identities) {
  const auto made = TlsContext::create(identities);
  return made ? "" : made.error().message;
}

TlsIdentity mixed(const test::Credential& chain, const test::Credential& key) {
  return {chain.chain_pem(), key.identity().key_pem};
}

TEST(TlsContext, TakesEcdsaAndRsaSideBySide) {
  EXPECT_EQ(error_of({test::ecdsa_server().identity()}), "");
  EXPECT_EQ(error_of({test::rsa_server().identity(), test::ecdsa_server().identity()}), "");
}

TEST(TlsContext, NamesWhatIsWrongWithAnIdentity) {
  const auto& ecdsa = test::ecdsa_server();
  EXPECT_THAT(error_of({}), HasSubstr("needs a server certificate"));
  EXPECT_THAT(error_of({{"nothing", ecdsa.identity().key_pem}}), HasSubstr("certificate cannot be read"));
  EXPECT_THAT(error_of({{ecdsa.chain_pem(), SecretBytes(as_bytes("nothing"))}}), HasSubstr("key of 'ecdsa.example'"));
  EXPECT_THAT(error_of({mixed(ecdsa, test::rsa_server())}), HasSubstr("does not belong"));
  EXPECT_THAT(error_of({ecdsa.identity(), ecdsa.identity()}), HasSubstr("same kind of key"));
}

TEST(TlsContext, RefusesAChainOutOfOrder) {
  const auto root =
      test::self_signed("root", crypto::CertificateUse::kRootCa, test::must(crypto::PrivateKey::generate_p256()));
  const auto intermediate = test::issued("intermediate", crypto::CertificateUse::kIntermediateCa, root);
  const auto server = test::issued("server", crypto::CertificateUse::kServer, intermediate);
  EXPECT_EQ(error_of({server.identity()}), "");
  TlsIdentity shuffled = server.identity();
  shuffled.chain_pem = server.chain[0].to_pem() + root.chain[0].to_pem() + intermediate.chain[0].to_pem();
  EXPECT_THAT(error_of({shuffled}), HasSubstr("'server' is not issued by 'root'"));
}

TEST(TlsContext, OnlyWarnsOfExpiry) {
  const auto expired =
      test::self_signed("old", crypto::CertificateUse::kServer, test::must(crypto::PrivateKey::generate_p256()),
                        {test::kNow - std::chrono::days(2), test::kNow - std::chrono::days(1)});
  const std::vector<TlsIdentity> identities = {expired.identity()};
  EXPECT_EQ(error_of(identities), "");
  EXPECT_THAT(validity_warnings(identities, test::kNow), ElementsAre(HasSubstr("old expired at 2026-01-14")));
  EXPECT_THAT(validity_warnings(identities, test::kNow - std::chrono::days(3)),
              ElementsAre(HasSubstr("not valid before")));
  EXPECT_THAT(validity_warnings(identities, test::kNow - std::chrono::hours(36)), IsEmpty());
}

}  // namespace
}  // namespace muster::server
