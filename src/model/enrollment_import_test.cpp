#include "model/enrollment_import.h"

#include <gmock/gmock.h>

#include "crypto/tpm/test_keys.h"
#include "model/enrollment_json.h"
#include "model/json.h"

namespace muster::model {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr TimePoint kThen = TimePoint(1'773'340'946s);
constexpr TimePoint kNow = kThen + 1h;
constexpr std::string_view kKeys =
    R"("symmetricKey":{"primaryKey":"AAECAwQFBgcICQoLDA0ODw==","secondaryKey":"EBESExQVFhcYGRobHB0eHw=="})";

/// The outcome of a line for an entry "a"; nullopt in the result: unchanged.
Result<std::optional<Enrollment>> import_line(std::string_view line, const Enrollment* current = nullptr,
                                              ImportMode mode = ImportMode::kCreateOrUpdate,
                                              EnrollmentKind kind = EnrollmentKind::kIndividual) {
  static SequenceRandom random;
  const auto object = parse_json_object(line);
  if (!object) return std::unexpected(object.error());
  return apply_import(kind, *object, current, mode, current == nullptr ? kThen : kNow, random);
}

Enrollment stored(std::string_view members) {
  const auto made = import_line(R"({"registrationId":"a",)" + std::string(members) + "}");
  EXPECT_TRUE(made) << made.error().message;
  return **made;
}

const Enrollment& rich() {
  static const Enrollment entry =
      stored(R"("attestation":{"type":"symmetricKey"},"deviceId":"d","iotHubs":["hub-a.example.net"],
                "capabilities":{"iotEdge":true},"provisioningStatus":"disabled",
                "initialTwin":{"tags":{"site":"ams","line":7},"properties":{"desired":{"interval":30}}},
                "optionalDeviceInformation":{"serial":1},"trustBundleId":"t",
                "reprovisionPolicy":{"updateHubAssignment":true,"migrateDeviceData":false})");
  return entry;
}

TEST(EnrollmentImport, ANewEntryIsWhatAPutMakes) {
  const Enrollment made = stored(R"("attestation":{"type":"symmetricKey",)" + std::string(kKeys) + "}");
  EXPECT_EQ(made.id, "a");
  EXPECT_EQ(made.created, kThen);
  EXPECT_FALSE(made.etag.empty());
  EXPECT_EQ(std::get<SymmetricKeyAttestation>(made.attestation).primary.size(), 16U);
}

TEST(EnrollmentImport, ANewEntryWithoutAttestationGetsKeys) {
  const auto made = import_line(R"({"registrationId":"a","attestation":null})");
  ASSERT_TRUE(made);
  EXPECT_EQ(std::get<SymmetricKeyAttestation>((*made)->attestation).primary.size(), 64U);
}

TEST(EnrollmentImport, TheSameLineAgainChangesNothing) {  // service-api.md 3.5.4: hidden keys stay
  for (const ImportMode mode : {ImportMode::kCreate, ImportMode::kCreateOrUpdate, ImportMode::kCreateOrReplace}) {
    for (const std::string& attestation :
         {std::string(R"({"type":"symmetricKey"})"), R"({"type":"symmetricKey",)" + std::string(kKeys) + "}",
          R"({"type":"tpm","tpm":{"endorsementKey":")" + std::string(crypto::tpm::testing::kEndorsementKey) + "\"}}",
          std::string(R"({"type":"x509","x509":{"caReferences":{"primary":"root"}}})")}) {
      const std::string line =
          R"({"registrationId":"A","initialTwin":{"tags":{"n":1.5}},"attestation":)" + attestation + "}";
      const auto first = import_line(line);
      ASSERT_TRUE(first) << first.error().message;
      EXPECT_EQ(import_line(line, &**first, mode), std::nullopt) << attestation;
    }
  }
}

TEST(EnrollmentImport, AnUpdateSetsWhatTheLineGivesAndKeepsTheRest) {
  const auto next = import_line(R"({"registrationId":"a","provisioningStatus":"enabled","capabilities":null,
                                    "initialTwin":{"tags":{"site":"rtm"}},
                                    "reprovisionPolicy":{"migrateDeviceData":true}})",
                                &rich());
  ASSERT_TRUE(next && *next);
  Enrollment expected = rich();
  expected.status = ProvisioningStatus::kEnabled;
  (*expected.initial_twin)["tags"] = boost::json::object{{"site", "rtm"}};
  expected.reprovision_policy->migrate_device_data = true;
  EXPECT_NE((*next)->etag, rich().etag);
  expected.etag = (*next)->etag;
  expected.updated = kNow;
  EXPECT_EQ(**next, expected);
}

TEST(EnrollmentImport, ALineThatSaysPartOfWhatIsStoredChangesNothing) {
  for (const std::string_view line :
       {R"({"registrationId":"a"})", R"({"registrationId":"A","deviceId":"d","attestation":{"type":"symmetricKey"}})",
        R"({"registrationId":"a","initialTwin":{"properties":{"desired":{"interval":30}}}})"}) {
    EXPECT_EQ(import_line(line, &rich()), std::nullopt) << line;
    EXPECT_EQ(import_line(line, &rich(), ImportMode::kCreate), std::nullopt) << line;
  }
}

TEST(EnrollmentImport, AReplacementDropsWhatTheLineDoesNotGive) {
  const auto next = import_line(R"({"registrationId":"a"})", &rich(), ImportMode::kCreateOrReplace);
  ASSERT_TRUE(next && *next);
  EXPECT_FALSE((*next)->initial_twin || (*next)->iot_hubs || (*next)->iot_edge);
  EXPECT_EQ((*next)->attestation, rich().attestation) << "nobody loses keys by leaving them out";
}

TEST(EnrollmentImport, CreationOfSomethingElseIsAConflict) {
  const auto next = import_line(R"({"registrationId":"a","deviceId":"e"})", &rich(), ImportMode::kCreate);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, ErrorCode::kConflict);
}

TEST(EnrollmentImport, FaultsNameTheMember) {
  const auto message = [](std::string_view line) { return import_line(line).error().message; };
  EXPECT_THAT(message("{}"), HasSubstr("registrationId"));
  EXPECT_THAT(message(R"({"registrationId":7})"), HasSubstr("registrationId"));
  EXPECT_THAT(message(R"({"registrationId":"-"})"), HasSubstr("registrationId"));
  EXPECT_THAT(message(R"({"registrationId":"a","attestation":{"type":"none"}})"), HasSubstr("attestation.type"));
  EXPECT_THAT(message(R"({"registrationId":"a","deviceId":" "})"), HasSubstr("deviceId"));
  const auto group = import_line(R"({"registrationId":"a"})", nullptr, ImportMode::kCreate, EnrollmentKind::kGroup);
  EXPECT_THAT(group.error().message, HasSubstr("enrollmentGroupId"));
}

TEST(EnrollmentImport, KnowsItsModes) {
  EXPECT_EQ(parse_import_mode("createorupdate"), ImportMode::kCreateOrUpdate);
  EXPECT_EQ(parse_import_mode("update"), std::nullopt);
}

TEST(EnrollmentExport, LeavesOutWhatTheServiceWritesAndSecrets) {
  const auto line = to_export_json(rich(), ExportSecrets::kLeftOut);
  for (const std::string_view member : {"etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}) {
    EXPECT_FALSE(line.contains(member)) << member;
  }
  EXPECT_FALSE(line.at("attestation").get_object().contains("symmetricKey"));
  EXPECT_EQ(line.begin()->key(), "registrationId");
}

}  // namespace
}  // namespace muster::model
