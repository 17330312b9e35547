#include "hub/device_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/test_certificates.h"
#include "wire/sas_token.h"

namespace muster::hub {
namespace {

using crypto::testing::ca_request;
using crypto::testing::kNow;
using crypto::testing::leaf_request;
using crypto::testing::make_party;
using testing::HasSubstr;

constexpr std::string_view kHub = "hub.example.test";

SecretBytes key_of(std::uint8_t first) {
  Bytes octets(32);
  for (std::uint8_t& octet : octets) octet = first++;
  return SecretBytes(octets);
}

class DeviceProofTest : public testing::Test {
 protected:
  DeviceProofTest() {
    device_.device_id = "pump-01";
    device_.credential = model::SasCredential{key_of(0x00), key_of(0x40)};
    model::HubPolicy policy{"gateways", model::HubRights::of({model::HubRight::kDeviceConnect}), key_of(0x20),
                            key_of(0x60)};
    model::HubPolicy reader{"registryRead", model::HubRights::of({model::HubRight::kRegistryRead}), key_of(0x80),
                            key_of(0xa0)};
    config_.hub_policies[std::string(kHub)] = {policy, reader};
  }

  Result<Admission> judge(const DeviceProof& proof) const {
    return judge_device(&device_, proof, config_, kHub, kNow, settings_);
  }
  static DeviceProof with_token(std::string token) { return {.device_id = "pump-01", .token = std::move(token)}; }
  static std::string token(std::string_view resource, const SecretBytes& key, std::string_view policy = "",
                           std::chrono::seconds life = std::chrono::hours(1)) {
    return wire::make_sas_token(resource, key, kNow + life, policy);
  }
  std::string refusal(const DeviceProof& proof) const {
    const auto judged = judge(proof);
    EXPECT_FALSE(judged);
    return judged ? "admitted" : judged.error().detail;
  }

  model::HubDevice device_;
  model::InstanceConfig config_;
  ProofSettings settings_;
};

TEST_F(DeviceProofTest, BothKeysOfADeviceMakeItsTokens) {
  for (const std::uint8_t first : {0x00, 0x40}) {
    const auto admitted = judge(with_token(token("hub.example.test/devices/pump-01", key_of(first))));
    ASSERT_TRUE(admitted) << admitted.error().detail;
    EXPECT_EQ(admitted->until, kNow + std::chrono::hours(1));
    EXPECT_THAT(admitted->method, HasSubstr(R"("scope":"device","type":"sas")"));
  }
}

TEST_F(DeviceProofTest, ATokenKnownFromElsewhereIsAccepted) {  // hub-api.md 1.2
  const std::string known =
      "SharedAccessSignature sr=hub.example.test%2Fdevices%2Fpump-01&"
      "sig=6yXyJSAHCRRzneLLO6EdoC2MMgyG8YClhXVRQslBYvo%3D&se=1893456000";
  EXPECT_TRUE(judge(with_token(known)));
  std::string lower = known;
  lower.replace(lower.find("%2F"), 3, "%2f");
  EXPECT_FALSE(judge(with_token(lower))) << "what was signed is the text as it stands";
}

TEST_F(DeviceProofTest, TokensOfOthersAreRefusedWithTheirReason) {
  const SecretBytes own = key_of(0x00);
  EXPECT_THAT(refusal(with_token(token("hub.example.test/devices/pump-02", own))), HasSubstr("pump-02"));
  EXPECT_THAT(refusal(with_token(token("hub.example.test", own))), HasSubstr("the token is for"));
  EXPECT_THAT(refusal(with_token(token("other.test/devices/pump-01", own))), HasSubstr("other.test"));
  EXPECT_THAT(refusal(with_token(token("hub.example.test/devices/pump-01", key_of(0x20)))), HasSubstr("neither key"));
  EXPECT_THAT(refusal(with_token(token("hub.example.test/devices/pump-01", own, "", std::chrono::seconds(-301)))),
              HasSubstr("ended"));
  EXPECT_TRUE(judge(with_token(token("hub.example.test/devices/pump-01", own, "", std::chrono::seconds(-299)))));
  EXPECT_FALSE(judge(with_token("nonsense")));
}

TEST_F(DeviceProofTest, APolicyCoversWhatItsTokenNames) {
  const SecretBytes key = key_of(0x20);
  for (const std::string_view resource :
       {"hub.example.test", "HUB.example.test/devices", "hub.example.test/devices/PUMP-01"}) {
    const auto admitted = judge(with_token(token(resource, key, "gateways")));
    ASSERT_TRUE(admitted) << resource << admitted.error().detail;
    EXPECT_THAT(admitted->method, HasSubstr(R"("scope":"hub")"));
  }
  EXPECT_FALSE(judge(with_token(token("hub.example.test/devices/pump-02", key, "gateways"))));
  EXPECT_THAT(refusal(with_token(token("hub.example.test", key, "nobody"))), HasSubstr("no policy"));
  EXPECT_THAT(refusal(with_token(token("hub.example.test", key_of(0x80), "gateways"))), HasSubstr("no key"));
  EXPECT_THAT(refusal(with_token(token("hub.example.test", key_of(0x80), "registryRead"))), HasSubstr("has only"));
}

TEST_F(DeviceProofTest, AThumbprintOfEitherKindAndSlotIsEnough) {
  const auto leaf = make_party(leaf_request("another name")).certificate;
  const std::string sha1 = hex_upper(crypto::sha1(leaf.der()));
  const std::string sha256 = hex_upper(leaf.sha256());
  for (const auto& known : {model::ThumbprintCredential{sha1, ""}, model::ThumbprintCredential{"", sha1},
                            model::ThumbprintCredential{sha256, sha256}}) {
    device_.credential = known;
    const auto admitted = judge({.device_id = "pump-01", .leaf = leaf});
    ASSERT_TRUE(admitted);
    EXPECT_FALSE(admitted->until);
  }
  device_.credential = model::ThumbprintCredential{std::string(64, 'A'), ""};
  EXPECT_THAT(refusal({.device_id = "pump-01", .leaf = leaf}), HasSubstr(sha256));
  EXPECT_THAT(refusal({.device_id = "pump-01"}), HasSubstr("neither"));
  EXPECT_THAT(refusal(with_token(token("hub.example.test/devices/pump-01", key_of(0)))), HasSubstr("selfSigned"));
}

TEST_F(DeviceProofTest, ACertificateOutOfItsTimeIsRefused) {
  auto request = leaf_request("pump-01");
  request.not_after = kNow - std::chrono::minutes(6);
  const auto leaf = make_party(request).certificate;
  device_.credential = model::ThumbprintCredential{hex_upper(leaf.sha256()), ""};
  EXPECT_THAT(refusal({.device_id = "pump-01", .leaf = leaf}), HasSubstr("valid from"));
}

TEST_F(DeviceProofTest, ACertificateOfAVerifiedCaNeedsItsName) {
  const auto root = make_party(ca_request("Root"));
  const auto line = make_party(ca_request("Line"), &root);
  const auto leaf = make_party(leaf_request("pump-01"), &line).certificate;
  device_.credential = model::AuthorityCredential{};
  config_.certificates.push_back({"root", root.certificate, true, "", kNow, kNow});
  EXPECT_TRUE(judge({.device_id = "pump-01", .leaf = leaf, .chain = {line.certificate}}));
  EXPECT_FALSE(judge({.device_id = "pump-01", .leaf = leaf})) << "the intermediate is missing";
  const auto other = make_party(leaf_request("PUMP-01"), &line).certificate;
  EXPECT_THAT(refusal({.device_id = "pump-01", .leaf = other, .chain = {line.certificate}}), HasSubstr("PUMP-01"));
  config_.certificates.front().verified = false;
  EXPECT_FALSE(judge({.device_id = "pump-01", .leaf = leaf, .chain = {line.certificate}}));
}

TEST_F(DeviceProofTest, WhoIsDisabledUnknownOrWithoutCredentialIsRefused) {
  const DeviceProof good = with_token(token("hub.example.test/devices/pump-01", key_of(0)));
  EXPECT_FALSE(judge_device(nullptr, good, config_, kHub, kNow, settings_));
  device_.enabled = false;
  EXPECT_THAT(refusal(good), HasSubstr("disabled"));
  device_.enabled = true;
  device_.credential = model::NoCredential{};
  EXPECT_FALSE(judge(good));
  EXPECT_FALSE(judge({.device_id = "pump-01", .leaf = make_party(leaf_request("pump-01")).certificate}));
}

}  // namespace
}  // namespace muster::hub
