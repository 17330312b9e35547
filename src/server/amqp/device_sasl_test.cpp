#include "server/amqp/device_sasl.h"

#include <gmock/gmock.h>

#include "crypto/test_certificates.h"

namespace muster::server::amqp {
namespace {

using ::testing::ElementsAre;
using Kind = SaslStep::Kind;

Kind step(DeviceSasl& sasl, std::string_view mechanism, std::string_view response) {
  const auto exchange = sasl.begin(mechanism);
  if (!exchange) return Kind::kRefused;
  const ByteView octets = as_bytes(response);
  return wait_for(exchange->step(Bytes(octets.begin(), octets.end()))).kind;
}

TEST(DeviceSasl, PlainNamesTheDeviceAndCarriesItsToken) {
  DeviceSasl sasl(std::nullopt);
  EXPECT_THAT(sasl.names(), ElementsAre("PLAIN"));
  EXPECT_EQ(step(sasl, "PLAIN", std::string("\0S/registrations/Id\0token", 25)), Kind::kAccepted);
  EXPECT_EQ(sasl.proof().identity, (wire::DeviceIdentity{"S", "Id"}));
  EXPECT_EQ(std::get<provisioning::SasEvidence>(sasl.proof().evidence).token, "token");
}

TEST(DeviceSasl, PlainThatNamesNobodyIsRefused) {
  for (const std::string& words : {std::string(), std::string("a"), std::string("\0a", 2), std::string("\0a\0b", 4),
                                   std::string("\0s/registrations/i\0", 19)}) {
    DeviceSasl sasl(std::nullopt);
    EXPECT_EQ(step(sasl, "PLAIN", words), Kind::kRefused);
    EXPECT_FALSE(sasl.proof().identity);
  }
}

TEST(DeviceSasl, CertificateMechanismsNeedOne) {
  DeviceSasl sasl(std::nullopt);
  for (const char* mechanism : {"EXTERNAL", "ANONYMOUS", "TPM", ""}) {
    EXPECT_EQ(step(sasl, mechanism, ""), Kind::kRefused) << mechanism;
  }
}

TEST(DeviceSasl, CertificateSpeaksForItselfUnlessATokenIsGiven) {
  const auto party = crypto::testing::make_party(crypto::testing::leaf_request("i"));
  DeviceSasl sasl(ClientCertificates{party.certificate, {}});
  EXPECT_THAT(sasl.names(), ElementsAre("EXTERNAL", "PLAIN", "ANONYMOUS"));
  for (const char* mechanism : {"EXTERNAL", "ANONYMOUS"}) EXPECT_EQ(step(sasl, mechanism, ""), Kind::kAccepted);
  EXPECT_TRUE(std::holds_alternative<provisioning::CertificateEvidence>(sasl.proof().evidence));
  EXPECT_FALSE(sasl.proof().identity);
  EXPECT_EQ(step(sasl, "PLAIN", std::string("\0s/registrations/i\0t", 20)), Kind::kAccepted);
  EXPECT_TRUE(std::holds_alternative<provisioning::SasEvidence>(sasl.proof().evidence));
}

}  // namespace
}  // namespace muster::server::amqp
