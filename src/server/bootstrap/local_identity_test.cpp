#include "server/bootstrap/local_identity.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "crypto/path_validation.h"

namespace muster::server {
namespace {

class LocalIdentity : public ::testing::Test {
 protected:
  Result<std::vector<TlsIdentity>> load() {
    return load_or_create_local_identities({folder_.path(), names_, sealer_, clock_, random_});
  }
  crypto::Certificate certificate(const TlsIdentity& identity) {
    return crypto::Certificate::from_upload(identity.chain_pem).value();
  }
  crypto::Certificate ca() {
    return crypto::Certificate::from_upload(read_file(local_ca_file(folder_.path()), 100'000).value()).value();
  }

  TemporaryFolder folder_;
  SequenceRandom random_;
  crypto::Sealer sealer_{SecretBytes(random_.bytes(crypto::Sealer::kKeySize)), random_};
  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1))};
  std::vector<std::string> names_{"dps.example.net", "localhost", "127.0.0.1"};
};

TEST_F(LocalIdentity, TheFirstStartMakesAnEcdsaAndAnRsaIdentityOfOneCa) {  // device-api.md 2.1
  const auto made = load();
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 2U);
  for (const TlsIdentity& identity : *made) {
    EXPECT_EQ(certificate(identity).info()->issuer_name, ca().info()->subject_name);
  }
}

TEST_F(LocalIdentity, ASecondStartKeepsEverything) {
  const auto first = load();
  clock_.advance(std::chrono::days(30));
  const auto second = load();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*first)[i].chain_pem, (*second)[i].chain_pem);
    EXPECT_EQ((*first)[i].key_pem, (*second)[i].key_pem);
  }
}

TEST_F(LocalIdentity, CertificatesAreRenewedInTheLastQuarterOfTheirLifeUnderTheSameCa) {
  const auto first = load();
  const auto trusted = ca();
  clock_.advance(std::chrono::days(350));
  const auto second = load();
  EXPECT_NE((*first)[0].chain_pem, (*second)[0].chain_pem);
  EXPECT_GT(certificate((*second)[0]).not_after(), clock_.now() + std::chrono::days(300));
  EXPECT_EQ(ca(), trusted);
}

TEST_F(LocalIdentity, ANewHostNameGetsNewCertificates) {
  const auto first = load();
  names_.emplace_back("other.example.net");
  const auto second = load();
  EXPECT_NE((*first)[0].chain_pem, (*second)[0].chain_pem);
  names_.pop_back();
  EXPECT_EQ((*load())[0].chain_pem, (*second)[0].chain_pem);  // one name too many does no harm
}

TEST_F(LocalIdentity, PrivateKeysAreSealedInTheirFiles) {
  ASSERT_TRUE(load());
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_THAT(read_file(entry.path(), 100'000).value(), ::testing::Not(::testing::HasSubstr("PRIVATE KEY")));
  }
}

TEST_F(LocalIdentity, ADamagedFileIsNamedAndNeverReplaced) {
  ASSERT_TRUE(load());
  const auto path = local_ca_file(folder_.path());
  std::ofstream(path) << "garbage";
  const auto again = load();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, ::testing::HasSubstr(path.string()));
  EXPECT_EQ(read_file(path, 100).value(), "garbage");
}

TEST_F(LocalIdentity, AnotherMasterKeyDoesNotOpenTheKeys) {
  ASSERT_TRUE(load());
  const crypto::Sealer other(SecretBytes(random_.bytes(crypto::Sealer::kKeySize)), random_);
  EXPECT_FALSE(load_or_create_local_identities({folder_.path(), names_, other, clock_, random_}));
}

}  // namespace
}  // namespace muster::server
