#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "crypto/tpm/test_keys.h"
#include "model/enrollment_json.h"
#include "model/json.h"

namespace muster::model {
namespace {

using namespace std::chrono_literals;
using crypto::tpm::testing::kEndorsementKey;
using crypto::tpm::testing::kStorageRootKey;
using testing::StartsWith;

constexpr TimePoint kNow = TimePoint(1'773'340'946s) + 613402us;

Result<Enrollment> put(EnrollmentKind kind, std::string_view id, std::string_view body,
                       const Enrollment* current = nullptr, TimePoint now = kNow) {
  static SequenceRandom random;
  const auto object = parse_json_object(body);
  if (!object) return std::unexpected(object.error());
  return apply_put(kind, id, *object, current, now, random);
}

Result<Enrollment> put_individual(std::string_view body, const Enrollment* current = nullptr) {
  return put(EnrollmentKind::kIndividual, "line7-unit0042", body, current);
}

/// A symmetric-key enrollment with more members.
std::string with(std::string_view members) {
  return R"({"attestation":{"type":"symmetricKey"},)" + std::string(members) + "}";
}

TEST(EnrollmentPut, TakesTheExampleOfTheServiceApi) {  // service-api.md 3.3
  const auto enrollment = put_individual(
      R"({"registrationId":"line7-unit0042","attestation":{"type":"symmetricKey","symmetricKey":{
          "primaryKey":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
          "secondaryKey":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="}},
          "deviceId":"pump-0042","initialTwin":{"tags":{"site":"ams"},"properties":{"desired":{"interval":30}}},
          "allocationPolicy":"static","iotHubs":["hub-a.example.net"],
          "reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":true},"provisioningStatus":"enabled"})");
  ASSERT_TRUE(enrollment) << enrollment.error().message;
  Enrollment shown = *enrollment;
  shown.etag = "abc=";
  EXPECT_EQ(
      boost::json::serialize(to_json(shown, EnrollmentView::kWithKeys)),
      R"({"registrationId":"line7-unit0042","deviceId":"pump-0042","attestation":{"type":"symmetricKey",)"
      R"("symmetricKey":{"primaryKey":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",)"
      R"("secondaryKey":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="}},)"
      R"("initialTwin":{"tags":{"site":"ams"},"properties":{"desired":{"interval":30}}},"etag":"abc=",)"
      R"("provisioningStatus":"enabled","reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":true},)"
      R"("createdDateTimeUtc":"2026-03-12T18:42:26.6134020Z","lastUpdatedDateTimeUtc":"2026-03-12T18:42:26.6134020Z",)"
      R"("allocationPolicy":"static","iotHubs":["hub-a.example.net"]})");
}

TEST(EnrollmentPut, LeavesOutWhatIsNotGivenAndTreatsNullAsNotGiven) {  // service-api.md 0, 3.5.5
  const auto bare = put_individual(with(R"("x":1)"));
  const auto nulls = put_individual(
      with(R"("deviceId":null,"capabilities":null,"iotHubHostName":null,"initialTwin":null,"provisioningStatus":null,
              "reprovisionPolicy":null,"allocationPolicy":null,"iotHubs":null,"customAllocationDefinition":null,
              "optionalDeviceInformation":null,"trustBundleId":null,"registrationId":null,"etag":null)"));
  for (const auto& enrollment : {bare, nulls}) {
    ASSERT_TRUE(enrollment);
    auto json = to_json(*enrollment, EnrollmentView::kPublic);
    json.erase("etag");
    EXPECT_EQ(
        json,
        *parse_json_object(
            R"({"registrationId":"line7-unit0042","attestation":{"type":"symmetricKey"},"provisioningStatus":"enabled",)"
            R"("createdDateTimeUtc":"2026-03-12T18:42:26.6134020Z","lastUpdatedDateTimeUtc":"2026-03-12T18:42:26.6134020Z"})"));
  }
}

TEST(EnrollmentPut, KeepsCreationTimeAndSpellingAndRenewsTheEtag) {  // service-api.md 0, 3.1
  const auto first = put(EnrollmentKind::kIndividual, "Line7-Unit", with(R"("deviceId":"a")"));
  ASSERT_TRUE(first);
  const auto second =
      put(EnrollmentKind::kIndividual, "line7-unit", with(R"("registrationId":"LINE7-UNIT")"), &*first, kNow + 1s);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, "Line7-Unit");
  EXPECT_EQ(second->created, kNow);
  EXPECT_EQ(second->updated, kNow + 1s);
  EXPECT_NE(second->etag, first->etag);
  EXPECT_EQ(second->device_id, "") << "a put replaces everything";
}

TEST(EnrollmentPut, IgnoresReadOnlyAndUnknownMembers) {  // service-api.md 0, 3.5.1
  const auto enrollment = put_individual(
      with(R"("registrationState":7,"createdDateTimeUtc":"x","lastUpdatedDateTimeUtc":false,"etag":"mine","foo":[])"));
  ASSERT_TRUE(enrollment);
  EXPECT_EQ(enrollment->created, kNow);
  EXPECT_NE(enrollment->etag, "mine");
}

TEST(EnrollmentPut, ReadsEverySetting) {
  const auto enrollment = put_individual(
      with(R"("capabilities":{"iotEdge":true},"iotHubHostName":"hub-b.example.net","provisioningStatus":"disabled",
              "reprovisionPolicy":{"updateHubAssignment":false},"allocationPolicy":"GEOLATENCY","iotHubs":[],
              "customAllocationDefinition":{"webhookUrl":"https://x.example.net/a?code=b","apiVersion":"2019-03-31"},
              "optionalDeviceInformation":{"a":null},"initialTwin":{"tags":null,"properties":{"desired":{"a":null}}})"));
  ASSERT_TRUE(enrollment) << enrollment.error().message;
  EXPECT_EQ(enrollment->iot_edge, true);
  EXPECT_EQ(enrollment->iot_hub_host_name, "hub-b.example.net");
  EXPECT_EQ(enrollment->status, ProvisioningStatus::kDisabled);
  EXPECT_EQ(enrollment->reprovision_policy, (ReprovisionPolicy{false, true}));
  EXPECT_EQ(enrollment->allocation_policy, AllocationPolicy::kGeoLatency);
  EXPECT_EQ(enrollment->iot_hubs, std::vector<std::string>());
  EXPECT_EQ(enrollment->custom_allocation->webhook_url, "https://x.example.net/a?code=b");
  EXPECT_EQ(boost::json::serialize(*enrollment->device_information), R"({"a":null})");
  EXPECT_EQ(boost::json::serialize(*enrollment->initial_twin), R"({"properties":{"desired":{"a":null}}})");
}

TEST(EnrollmentPut, AcceptsStaticWithoutHubs) {  // service-api.md 3.2: fails at registration only
  EXPECT_TRUE(put_individual(with(R"("allocationPolicy":"static")")));
}

TEST(EnrollmentPut, KeepsPreviewMembersOfItsKind) {  // service-api.md 2.1
  const std::string body = with(
      R"("trustBundleId":"t","clientCertificateIssuancePolicy":{"certificateAuthorityName":"ca"},
         "serverCertificateIssuancePolicy":{},"credentialPolicyName":"p","certificatePolicyResourceId":"r",
         "deviceHostname":"Pump-1.LAN","deviceIpAddress":"10.0.0.1")");
  const auto individual = put_individual(body);
  const auto group = put(EnrollmentKind::kGroup, "line7", body);
  ASSERT_TRUE(individual && group);
  EXPECT_EQ(individual->preview_members.size(), 7U);
  EXPECT_EQ(individual->preview_members.at("deviceHostname"), boost::json::value("pump-1.lan"));
  EXPECT_EQ(group->preview_members.size(), 5U);
  EXPECT_EQ(to_json(*group, EnrollmentView::kPublic).at("trustBundleId"), boost::json::value("t"));
}

TEST(EnrollmentPut, PassesOverIndividualMembersInAGroup) {  // service-api.md section 4
  const auto group = put(EnrollmentKind::kGroup, "line7",
                         with(R"("enrollmentGroupId":"LINE7","deviceId":"d","optionalDeviceInformation":{"a":1})"));
  ASSERT_TRUE(group);
  EXPECT_EQ(group->id, "line7");
  EXPECT_EQ(group->device_id, "");
  EXPECT_EQ(group->device_information, std::nullopt);
  EXPECT_TRUE(to_json(*group, EnrollmentView::kPublic).contains("enrollmentGroupId"));
}

TEST(EnrollmentPut, KeepsTpmKeysInOneForm) {  // device-api.md 5.1
  const std::string key(kEndorsementKey);
  const std::string stored = R"({"type":"tpm","tpm":{"endorsementKey":")" + key + "\"}}";
  const Bytes octets = from_base64(key).value();
  const std::string without_size = to_base64(ByteView(octets).subspan(2));
  for (const std::string& given : {key, key.substr(0, 70) + R"(\n)" + key.substr(70), without_size}) {
    const auto enrollment = put_individual(R"({"attestation":{"type":"TPM","tpm":{"endorsementKey":")" + given +
                                           R"(","storageRootKey":null},"x509":null}})");
    ASSERT_TRUE(enrollment) << enrollment.error().message;
    EXPECT_EQ(boost::json::serialize(to_json(*enrollment, EnrollmentView::kPublic).at("attestation")), stored);
  }
}

TEST(EnrollmentPut, AStorageRootKeyMayBePinned) {  // R-060
  const auto enrollment =
      put_individual(R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":")" + std::string(kEndorsementKey) +
                     R"(","storageRootKey":")" + std::string(kStorageRootKey) + R"("}}})");
  ASSERT_TRUE(enrollment) << enrollment.error().message;
  EXPECT_EQ(std::get<TpmAttestation>(enrollment->attestation).storage_root_key, kStorageRootKey);
}

struct BadPut {
  std::string body;
  std::string_view message;
};

class RefusedPut : public testing::TestWithParam<BadPut> {};

TEST_P(RefusedPut, NamesTheMember) {
  const auto enrollment = put_individual(GetParam().body);
  ASSERT_FALSE(enrollment) << GetParam().body;
  EXPECT_EQ(enrollment.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(enrollment.error().message, StartsWith(std::string(GetParam().message)));
}

std::string many_hubs(int count) {
  std::string out = R"("iotHubs":[)";
  for (int i = 0; i < count; ++i) out += std::string(i == 0 ? "" : ",") + "\"a.b\"";
  return with(out + "]");
}

TEST(EnrollmentPut, TakesFiftyHubs) {
  EXPECT_TRUE(put_individual(many_hubs(50)));
}

INSTANTIATE_TEST_SUITE_P(
    Attestations, RefusedPut,
    testing::Values(BadPut{"{}", "attestation: is required"},
                    BadPut{R"({"attestation":null})", "attestation: is required"},
                    BadPut{R"({"attestation":"x509"})", "attestation: must be an object"},
                    BadPut{R"({"attestation":{}})", "attestation.type: must be"},
                    BadPut{R"({"attestation":{"type":"none"}})", "attestation.type: must be"},
                    BadPut{R"({"attestation":{"type":5}})", "attestation.type: must be a string"},
                    BadPut{R"({"attestation":{"type":"tpm"}})", "attestation.tpm: is required"},
                    BadPut{R"({"attestation":{"type":"tpm","tpm":{}}})", "attestation.tpm.endorsementKey: is required"},
                    BadPut{R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":[]}}})",
                           "attestation.tpm.endorsementKey: must be a string"},
                    BadPut{R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":"#"}}})",
                           "attestation.tpm.endorsementKey: It is not base64"},
                    BadPut{R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":"AToAAQ=="}}})",
                           "attestation.tpm.endorsementKey: The TPM2B_PUBLIC is truncated"},
                    BadPut{R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":")" + std::string(kEndorsementKey) +
                               R"(","storageRootKey":"AAA="}}})",
                           "attestation.tpm.storageRootKey: The TPM2B_PUBLIC is truncated"},
                    BadPut{R"({"attestation":{"type":"symmetricKey","tpm":{"endorsementKey":"a"}}})",
                           "attestation.tpm: does not agree"},
                    BadPut{R"({"attestation":{"type":"tpm","x509":{},"tpm":{"endorsementKey":"a"}}})",
                           "attestation.x509: does not agree"}));

INSTANTIATE_TEST_SUITE_P(
    Settings, RefusedPut,
    testing::Values(
        BadPut{with(R"("registrationId":"other")"), "registrationId: differs"},
        BadPut{with(R"("registrationId":7)"), "registrationId: must be a string"},
        BadPut{with(R"("deviceId":"a b")"), "deviceId: "}, BadPut{with(R"("deviceId":{})"), "deviceId: must be"},
        BadPut{with(R"("provisioningStatus":"on")"), "provisioningStatus: must be enabled or disabled"},
        BadPut{with(R"("provisioningStatus":true)"), "provisioningStatus: must be a string"},
        BadPut{with(R"("allocationPolicy":"best")"), "allocationPolicy: must be"},
        BadPut{with(R"("allocationPolicy":"custom")"), "customAllocationDefinition: is required"},
        BadPut{with(R"("iotHubs":"hub.example.net")"), "iotHubs: must be an array"},
        BadPut{with(R"("iotHubs":["hub.example.net",5])"), "iotHubs[1]: must be a string"},
        BadPut{with(R"("iotHubs":["hub.example.net","localhost"])"), "iotHubs[1]: "},
        BadPut{many_hubs(51), "iotHubs: may hold at most 50"},
        BadPut{with(R"("iotHubHostName":"https://a.b")"), "iotHubHostName: "},
        BadPut{with(R"("capabilities":[])"), "capabilities: must be an object"},
        BadPut{with(R"("capabilities":{"iotEdge":"true"})"), "capabilities.iotEdge: must be"},
        BadPut{with(R"("reprovisionPolicy":{"migrateDeviceData":1})"), "reprovisionPolicy.migrateDeviceData: must be"},
        BadPut{with(R"("initialTwin":"x")"), "initialTwin: must be an object"},
        BadPut{with(R"("initialTwin":{"tags":[]})"), "initialTwin.tags: must be an object"},
        BadPut{with(R"("initialTwin":{"properties":{"desired":1}})"), "initialTwin.properties.desired: must be"},
        BadPut{with(R"("optionalDeviceInformation":[])"), "optionalDeviceInformation: must be an object"},
        BadPut{with(R"("trustBundleId":{})"), "trustBundleId: must be a string"},
        BadPut{with(R"("clientCertificateIssuancePolicy":"x")"),
               "clientCertificateIssuancePolicy: must be an object"}));

INSTANTIATE_TEST_SUITE_P(
    Webhooks, RefusedPut,
    testing::Values(BadPut{with(R"("customAllocationDefinition":{"apiVersion":"2021-10-01"})"),
                           "customAllocationDefinition.webhookUrl: is required"},
                    BadPut{with(R"("customAllocationDefinition":{"webhookUrl":"https://a"})"),
                           "customAllocationDefinition.apiVersion: is required"},
                    BadPut{with(R"("customAllocationDefinition":{"webhookUrl":"ftp://a","apiVersion":"2021-10-01"})"),
                           "customAllocationDefinition.webhookUrl: must be an http"},
                    BadPut{
                        with(R"("customAllocationDefinition":{"webhookUrl":"https://a\nb","apiVersion":"2021-10-01"})"),
                        "customAllocationDefinition.webhookUrl: must be an http"},
                    BadPut{with(R"("customAllocationDefinition":{"webhookUrl":"https://","apiVersion":"2021-10-01"})"),
                           "customAllocationDefinition.webhookUrl: must be an http"},
                    BadPut{with(R"("customAllocationDefinition":{"webhookUrl":"https://a","apiVersion":"2018-04-01"})"),
                           "customAllocationDefinition.apiVersion: must be"},
                    BadPut{with(R"("customAllocationDefinition":{"webhookUrl":"https://a","apiVersion":"latest"})"),
                           "customAllocationDefinition.apiVersion: must be"}));

TEST(EnrollmentPut, RefusesBadIdsAndTpmGroups) {  // R-002, R-005
  EXPECT_THAT(put(EnrollmentKind::kIndividual, "-a", with(R"("x":1)")).error().message, StartsWith("registrationId: "));
  EXPECT_THAT(put(EnrollmentKind::kGroup, "a b", with(R"("x":1)")).error().message, StartsWith("enrollmentGroupId: "));
  EXPECT_THAT(put(EnrollmentKind::kGroup, "a", R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":"a"}}})")
                  .error()
                  .message,
              StartsWith("attestation.type: an enrollment group cannot use tpm"));
}

}  // namespace
}  // namespace muster::model
