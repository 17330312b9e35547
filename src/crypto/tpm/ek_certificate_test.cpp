#include "crypto/tpm/ek_certificate.h"

#include <gmock/gmock.h>

#include "crypto/test_certificates.h"
#include "crypto/tpm/parent_key.h"

namespace muster::crypto::tpm {
namespace {

using crypto::testing::ca_request;
using crypto::testing::day;
using crypto::testing::kNow;
using crypto::testing::make_party;
using crypto::testing::Party;
using crypto::testing::request_with;
using ::testing::HasSubstr;

/// As manufacturers make them: no signing, the TPM's names as critical alternative name.
crypto::testing::TestRequest ek_request() {
  return request_with("", {{NID_basic_constraints, "critical,CA:FALSE"},
                           {NID_key_usage, "critical,keyAgreement"},
                           {NID_ext_key_usage, "2.23.133.8.1"}});
}

class EkCertificates : public ::testing::Test {
 protected:
  Party root_ = make_party(ca_request("Vendor Root"));
  Party line_ = make_party(ca_request("Vendor EK CA"), &root_);
  Party ek_ = make_party(ek_request(), &line_);
};

TEST_F(EkCertificates, TellTheirKey) {
  const auto read = read_ek_certificate(ek_.certificate).value();
  EXPECT_TRUE(find_problems(read.key, KeyRole::kEndorsement).empty());
  EXPECT_EQ(key_name(read.key), "ECC P-256");
  EXPECT_TRUE(read.is_for_endorsement_keys);
  EXPECT_FALSE(read_ek_certificate(root_.certificate)->is_for_endorsement_keys);
}

TEST_F(EkCertificates, LeadToATrustedRoot) {
  EXPECT_THAT(verify_ek_certificate(ek_.certificate, {line_.certificate, root_.certificate}, kNow).value(),
              HasSubstr("Vendor Root"));
}

TEST_F(EkCertificates, OthersDoNot) {
  const Party other = make_party(ca_request("Vendor Root"));
  for (const auto& trusted : {std::vector{root_.certificate}, std::vector{line_.certificate, other.certificate},
                              std::vector<Certificate>()}) {
    EXPECT_FALSE(verify_ek_certificate(ek_.certificate, trusted, kNow));
  }
  const auto late = verify_ek_certificate(ek_.certificate, {line_.certificate, root_.certificate}, day(4000));
  EXPECT_THAT(late.error().message, HasSubstr("expired"));
}

}  // namespace
}  // namespace muster::crypto::tpm
