#include "muster/enrollment_body.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "crypto/test_certificates.h"
#include "model/json.h"

namespace muster::cli {
namespace {

using boost::json::object;
using model::EnrollmentKind;
using testing::HasSubstr;

object json(std::string_view text) {
  return model::parse_json_object(text).value();
}

TEST(EnrollmentBody, WithoutOptionsIsASymmetricKeyEntryWhoseKeysTheServiceMakes) {
  EXPECT_EQ(creation_body(EnrollmentKind::kIndividual, "pump", {}).value(),
            json(R"({"registrationId":"pump","attestation":{"type":"symmetricKey"}})"));
  EXPECT_EQ(creation_body(EnrollmentKind::kGroup, "line", {}).value(),
            json(R"({"enrollmentGroupId":"line","attestation":{"type":"symmetricKey"}})"));
}

TEST(EnrollmentBody, EveryOptionBecomesItsMember) {
  const EnrollmentOptions options{.id = "pump",
                                  .attestation_type = "symmetrickey",
                                  .primary_key = "AA==",
                                  .secondary_key = "AQ==",
                                  .device_id = "dev",
                                  .iot_hubs = {"a.example.net", " b.example.net"},
                                  .allocation_policy = "geolatency",
                                  .webhook_url = "https://w.example.net/?code=1",
                                  .webhook_api_version = "2021-10-01",
                                  .provisioning_status = "disabled",
                                  .initial_twin_tags = R"({"line":7})",
                                  .initial_twin_properties = R"({"interval":60})",
                                  .edge_enabled = true,
                                  .reprovision_policy = "reprovisionandresetdata"};
  const auto given = given_members(EnrollmentKind::kIndividual, options);
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(*given, json(R"({"deviceId":"dev",
    "attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"AA==","secondaryKey":"AQ=="}},
    "allocationPolicy":"geoLatency","iotHubs":["a.example.net","b.example.net"],
    "customAllocationDefinition":{"webhookUrl":"https://w.example.net/?code=1","apiVersion":"2021-10-01"},
    "provisioningStatus":"disabled","initialTwin":{"tags":{"line":7},"properties":{"desired":{"interval":60}}},
    "capabilities":{"iotEdge":true},"reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":false}})"));
}

TEST(EnrollmentBody, ReprovisionPoliciesAreTheThreeOfTheCommandLineTools) {
  const std::tuple<const char*, bool, bool> cases[] = {
      {"reprovisionandmigratedata", true, true}, {"reprovisionandresetdata", true, false}, {"never", false, false}};
  for (const auto& [name, update, migrate] : cases) {
    const auto given = given_members(EnrollmentKind::kGroup, {.reprovision_policy = name});
    ASSERT_TRUE(given);
    EXPECT_EQ(given->at("reprovisionPolicy"), (object{{"updateHubAssignment", update}, {"migrateDeviceData", migrate}}))
        << name;
  }
}

TEST(EnrollmentBody, CaNamesBecomeReferencesAndKeysOfATpmItsAttestation) {
  EXPECT_EQ(given_members(EnrollmentKind::kGroup, {.root_ca_name = "r1", .secondary_root_ca_name = "r2"}).value(),
            json(R"({"attestation":{"type":"x509","x509":{"caReferences":{"primary":"r1","secondary":"r2"}}}})"));
  EXPECT_EQ(given_members(EnrollmentKind::kIndividual, {.endorsement_key = "AToA"}).value(),
            json(R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":"AToA"}}})"));
}

TEST(EnrollmentBody, AnEkCertificateBringsItsKeyAndWhatIsKnownOfIt) {
  using namespace crypto::testing;
  const TemporaryFolder folder;
  const Party root = make_party(ca_request("Vendor Root"));
  const Party ek = make_party(request_with("", {{NID_ext_key_usage, "2.23.133.8.1"}}), &root);
  const std::string certificate = (folder.path() / "ek.pem").string();
  const auto roots = folder.path() / "roots";
  std::filesystem::create_directory(roots);
  ASSERT_TRUE(write_file(certificate, ek.certificate.to_pem(), FileAccess::kEveryone));
  EXPECT_THAT(given_members(EnrollmentKind::kIndividual, {.ek_certificate = certificate, .ek_roots = roots.string()})
                  .error()
                  .message,
              HasSubstr("has no certificates"));
  ASSERT_TRUE(write_file(roots / "root.pem", root.certificate.to_pem(), FileAccess::kEveryone));
  const auto unchecked = given_members(EnrollmentKind::kIndividual, {.ek_certificate = certificate}).value();
  EXPECT_EQ(unchecked.at("attestation").at("type"), "tpm");
  const auto& about = unchecked.at("optionalDeviceInformation").at("ekCertificate").get_object();
  EXPECT_EQ(about.at("sha256"), boost::json::string(ek.certificate.thumbprint()));
  EXPECT_FALSE(about.contains("verifiedBy"));
}

struct BadOptions {
  EnrollmentKind kind;
  EnrollmentOptions options;
  const char* message;
};

TEST(EnrollmentBody, ContradictionsAreNamed) {
  const auto individual = EnrollmentKind::kIndividual;
  const auto group = EnrollmentKind::kGroup;
  const BadOptions cases[] = {
      {individual, {.attestation_type = "x509", .primary_key = "AA=="}, "--primary-key does not go with x509"},
      {individual, {.primary_key = "AA==", .endorsement_key = "x"}, "--endorsement-key does not go with symmetrickey"},
      {individual, {.attestation_type = "tpm"}, "--endorsement-key"},
      {individual, {.endorsement_key = "x", .ek_certificate = "ek.pem"}, "not both"},
      {individual, {.ek_certificate = "/nonexistent/ek.pem"}, "/nonexistent/ek.pem"},
      {individual, {.ek_roots = "/etc"}, "--ek-roots goes with --ek-certificate"},
      {individual, {.attestation_type = "x509"}, "--certificate-path"},
      {individual, {.certificate_path = "/nonexistent/c.pem"}, "/nonexistent/c.pem"},
      {individual, {.certificate_path = "c.pem", .root_ca_name = "r"}, "not both"},
      {individual, {.allocation_policy = "random"}, "--allocation-policy"},
      {individual, {.webhook_url = "https://w.example.net"}, "--api-version"},
      {individual, {.webhook_api_version = "2021-10-01"}, "--webhook-url"},
      {individual, {.initial_twin_tags = "[1]"}, "--initial-twin-tags must be a JSON object"},
      {individual, {.initial_twin_properties = "{"}, "--initial-twin-properties must be a JSON object"},
      {individual, {.reprovision_policy = "sometimes"}, "--reprovision-policy"},
      {group, {.endorsement_key = "x"}, "group cannot have tpm"},
      {group, {.device_id = "d"}, "--device-id"},
  };
  for (const auto& [kind, options, message] : cases) {
    const auto given = given_members(kind, options);
    ASSERT_FALSE(given) << message;
    EXPECT_EQ(given.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(given.error().message, HasSubstr(message));
  }
  EXPECT_THAT(creation_body(group, "g", json(R"({"allocationPolicy":"custom"})")).error().message,
              HasSubstr("--webhook-url"));
}

TEST(EnrollmentUpdate, ChangesTheGivenMembersAndKeepsAllElse) {
  const object current = json(R"({"registrationId":"p","etag":"e","provisioningStatus":"enabled",
    "iotHubs":["a"],"initialTwin":{"tags":{"a":1,"b":2},"properties":{"desired":{"x":1}}},
    "attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"P","secondaryKey":"S"}}})");
  const object given = json(R"({"provisioningStatus":"disabled","iotHubs":["b"],"initialTwin":{"tags":{"c":3}},
    "attestation":{"type":"symmetricKey","symmetricKey":{"secondaryKey":"S2"}},"deviceId":"d"})");
  EXPECT_EQ(update_body(current, given), json(R"({"registrationId":"p","etag":"e","provisioningStatus":"disabled",
    "iotHubs":["b"],"initialTwin":{"tags":{"c":3},"properties":{"desired":{"x":1}}},
    "attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"P","secondaryKey":"S2"}},"deviceId":"d"})"));
}

TEST(EnrollmentUpdate, OneCertificateSlotIsReplacedAndTheOtherStays) {
  const object current = json(R"({"attestation":{"type":"x509","x509":{"signingCertificates":{
    "primary":{"info":{"sha256Thumbprint":"A"}},"secondary":{"info":{"sha256Thumbprint":"B"}}}}}})");
  const object given = json(R"({"attestation":{"type":"x509","x509":{"signingCertificates":{
    "secondary":{"certificate":"PEM"}}}}})");
  EXPECT_EQ(update_body(current, given), json(R"({"attestation":{"type":"x509","x509":{"signingCertificates":{
    "primary":{"info":{"sha256Thumbprint":"A"}},"secondary":{"certificate":"PEM"}}}}})"));
}

TEST(EnrollmentUpdate, AnotherCollectionOrTypeReplacesTheFormer) {
  const object current =
      json(R"({"attestation":{"type":"x509","x509":{"signingCertificates":{"primary":{"info":{}}}}}})");
  const object references = json(R"({"attestation":{"type":"x509","x509":{"caReferences":{"primary":"r"}}}})");
  EXPECT_EQ(update_body(current, references), references);
  const object keys = json(R"({"attestation":{"type":"symmetricKey"}})");
  EXPECT_EQ(update_body(current, keys), keys);
}

}  // namespace
}  // namespace muster::cli
