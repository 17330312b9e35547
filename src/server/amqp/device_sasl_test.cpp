#include "server/amqp/device_sasl.h"

#include <gmock/gmock.h>

#include "crypto/test_certificates.h"

namespace muster::server::amqp {
namespace {

using ::testing::ElementsAre;
using Kind = SaslStep::Kind;

/// Knows one TPM, that of device "Id": its keys are "EK" and "SRK", and it makes the token "right".
class OneTpm final : public TpmJudge {
 public:
  Task<std::optional<Bytes>> challenge(wire::DeviceIdentity identity, Bytes endorsement_key,
                                       Bytes storage_root_key) override {
    const bool known =
        identity.registration_id == "Id" && as_text(endorsement_key) == "EK" && as_text(storage_root_key) == "SRK";
    if (!known) co_return std::nullopt;
    co_return Bytes(926, 7);
  }
  Task<bool> accept(wire::DeviceIdentity identity, std::string token) override {
    co_return identity.registration_id == "Id" && token == "right";
  }
};
OneTpm no_tpm;

Kind step(DeviceSasl& sasl, std::string_view mechanism, std::string_view response) {
  const auto exchange = sasl.begin(mechanism);
  if (!exchange) return Kind::kRefused;
  const ByteView octets = as_bytes(response);
  return wait_for(exchange->step(Bytes(octets.begin(), octets.end()))).kind;
}

TEST(DeviceSasl, PlainNamesTheDeviceAndCarriesItsToken) {
  DeviceSasl sasl(std::nullopt, no_tpm);
  EXPECT_THAT(sasl.names(), ElementsAre("PLAIN", "TPM"));
  EXPECT_EQ(step(sasl, "PLAIN", std::string("\0S/registrations/Id\0token", 25)), Kind::kAccepted);
  EXPECT_EQ(sasl.proof().identity, (wire::DeviceIdentity{"S", "Id"}));
  EXPECT_EQ(std::get<provisioning::SasEvidence>(sasl.proof().evidence).token, "token");
}

TEST(DeviceSasl, PlainThatNamesNobodyIsRefused) {
  for (const std::string& words : {std::string(), std::string("a"), std::string("\0a", 2), std::string("\0a\0b", 4),
                                   std::string("\0s/registrations/i\0", 19)}) {
    DeviceSasl sasl(std::nullopt, no_tpm);
    EXPECT_EQ(step(sasl, "PLAIN", words), Kind::kRefused);
    EXPECT_FALSE(sasl.proof().identity);
  }
}

TEST(DeviceSasl, CertificateMechanismsNeedOne) {
  DeviceSasl sasl(std::nullopt, no_tpm);
  for (const char* mechanism : {"EXTERNAL", "ANONYMOUS", ""}) {
    EXPECT_EQ(step(sasl, mechanism, ""), Kind::kRefused) << mechanism;
  }
}

TEST(DeviceSasl, CertificateSpeaksForItselfUnlessATokenIsGiven) {
  const auto party = crypto::testing::make_party(crypto::testing::leaf_request("i"));
  DeviceSasl sasl(ClientCertificates{party.certificate, {}}, no_tpm);
  EXPECT_THAT(sasl.names(), ElementsAre("EXTERNAL", "PLAIN", "TPM", "ANONYMOUS"));
  for (const char* mechanism : {"EXTERNAL", "ANONYMOUS"}) EXPECT_EQ(step(sasl, mechanism, ""), Kind::kAccepted);
  EXPECT_TRUE(std::holds_alternative<provisioning::CertificateEvidence>(sasl.proof().evidence));
  EXPECT_FALSE(sasl.proof().identity);
  EXPECT_EQ(step(sasl, "PLAIN", std::string("\0s/registrations/i\0t", 20)), Kind::kAccepted);
  EXPECT_TRUE(std::holds_alternative<provisioning::SasEvidence>(sasl.proof().evidence));
}

/// The words of a device on its way through the mechanism TPM, and what it hears.
class DeviceSaslTpm : public ::testing::Test {
 protected:
  SaslStep say(std::string_view words) {
    if (!exchange_) exchange_ = sasl_.begin("TPM");
    const ByteView octets = as_bytes(words);
    return wait_for(exchange_->step(Bytes(octets.begin(), octets.end())));
  }
  static std::string_view words(const char* text, std::size_t size) { return {text, size}; }
  static std::string_view init() { return words("\0S\0Id\0EK", 8); }
  static std::string_view srk() { return words("\0SRK", 4); }
  static std::string_view go_on() { return words("\0", 1); }

  OneTpm tpm_;
  DeviceSasl sasl_{std::nullopt, tpm_};
  std::unique_ptr<SaslExchange> exchange_;
};

TEST_F(DeviceSaslTpm, GoesFromTheKeysToTheToken) {  // device-api.md 5.4
  EXPECT_EQ(say(init()).challenge, Bytes{0});
  const SaslStep first = say(srk());
  ASSERT_EQ(first.kind, Kind::kChallenge);
  EXPECT_EQ(first.challenge.front(), 0x80);
  const SaslStep second = say(go_on());
  ASSERT_EQ(second.kind, Kind::kChallenge);
  EXPECT_EQ(second.challenge.front(), 0xc1);
  EXPECT_EQ(first.challenge.size() + second.challenge.size(), 926U + 2);
  EXPECT_FALSE(sasl_.proof().identity);
  EXPECT_EQ(say(words("\0right", 6)).kind, Kind::kAccepted);
  EXPECT_EQ(sasl_.proof().identity, (wire::DeviceIdentity{"S", "Id"}));
  EXPECT_EQ(std::get<provisioning::SasEvidence>(sasl_.proof().evidence).token, "right");
}

TEST_F(DeviceSaslTpm, AWrongTokenIsRefusedOnce) {
  say(init());
  say(srk());
  say(go_on());
  EXPECT_EQ(say(words("\0wrong", 6)).kind, Kind::kRefused);
  EXPECT_FALSE(sasl_.proof().identity);
  EXPECT_EQ(say(words("\0right", 6)).kind, Kind::kRefused) << "the exchange is over";
}

TEST_F(DeviceSaslTpm, UnknownKeysAreRefused) {
  say(init());
  EXPECT_EQ(say(words("\0other", 6)).kind, Kind::kRefused);
}

TEST_F(DeviceSaslTpm, MessagesInSegmentsArePutTogether) {
  EXPECT_EQ(say(words("\x80S\0I", 4)).challenge, Bytes{0});
  EXPECT_EQ(say(words("\xc1"
                      "d\0EK",
                      5))
                .challenge,
            Bytes{0});
  EXPECT_EQ(say(srk()).challenge.front(), 0x80);
}

TEST_F(DeviceSaslTpm, WhatIsNoInitIsRefused) {
  for (const std::string& bad : {std::string(), std::string("\0", 1), std::string("\0S\0Id", 5), std::string("S"),
                                 std::string("\0\0Id\0EK", 7), std::string("\0S\0\0EK", 6), std::string(5000, '\0')}) {
    exchange_ = sasl_.begin("TPM");
    EXPECT_EQ(say(bad).kind, Kind::kRefused) << bad.size();
    EXPECT_EQ(say(init()).kind, Kind::kRefused) << "the exchange is over";
  }
}

TEST_F(DeviceSaslTpm, EndlessSegmentsAreRefused) {
  SaslStep step;
  int count = 0;
  do
    step =
        say(words("\x80"
                  "0123456789abcdef",
                  17));
  while (step.kind == Kind::kChallenge && ++count < 1000);
  EXPECT_EQ(step.kind, Kind::kRefused);
}

TEST(TpmSegments, AreTwoForTheKeysOfAllClients) {
  for (const std::size_t size : {2U, 798U, 926U, 958U}) {
    const auto segments = tpm_segments(Bytes(size, 1));
    ASSERT_EQ(segments.size(), 2U) << size;
    EXPECT_EQ(segments[0].front(), 0x80);
    EXPECT_EQ(segments[1].front(), 0xc1);
    for (const Bytes& segment : segments) EXPECT_GE(segment.size(), 2U);
  }
}

TEST(TpmSegments, AreUpToFourForLargerKeysAndNoneBeyond) {
  const auto three = tpm_segments(Bytes(1198, 1));
  ASSERT_EQ(three.size(), 3U);
  EXPECT_EQ(three[1].front(), 0x81);
  EXPECT_EQ(three[2].front(), 0xc2);
  EXPECT_EQ(tpm_segments(Bytes(4 * (kLargestChallenge - 1), 1)).size(), 4U);
  EXPECT_TRUE(tpm_segments(Bytes(4 * (kLargestChallenge - 1) + 1, 1)).empty());
}

}  // namespace
}  // namespace muster::server::amqp
