#include "model/enrollment_csv.h"

#include <gmock/gmock.h>

#include "crypto/issue.h"
#include "crypto/tpm/test_keys.h"
#include "model/csv_cell.h"
#include "model/json.h"
#include "wire/csv.h"

namespace muster::model {
namespace {

using namespace std::chrono_literals;
using boost::json::object;
using testing::HasSubstr;
using testing::StartsWith;

constexpr TimePoint kNow = TimePoint(1'773'340'946s);

Result<object> read_row(EnrollmentKind kind, std::string_view text) {
  wire::CsvReader reader(text);
  if (auto header = reader.next(); !header) return std::unexpected(header.error());
  const auto table = EnrollmentTable::from_header(kind, reader.cells());
  if (!table) return std::unexpected(table.error());
  if (auto row = reader.next(); !row) return std::unexpected(row.error());
  return table->read_row(reader.cells());
}

Result<object> read_individual(std::string_view text) {
  return read_row(EnrollmentKind::kIndividual, text);
}

object parsed(std::string_view text) {
  const auto object = parse_json_object(text);
  EXPECT_TRUE(object) << object.error().message << text;
  return object.value_or(boost::json::object());
}

Enrollment make(EnrollmentKind kind, const object& line) {
  static SequenceRandom random;
  const auto made = apply_import(kind, line, nullptr, ImportMode::kCreate, kNow, random);
  EXPECT_TRUE(made) << made.error().message;
  return made ? **made : Enrollment();
}

TEST(EnrollmentCsv, CellsAreMembers) {
  const auto line = read_individual(
      "registrationId,deviceId,provisioningStatus,iotHubs,iotEdge,tags,desired,updateHubAssignment,webhookUrl\r\n"
      "a,d,disabled,h1.example.net; h2.example.net,TRUE,\"{\"\"site\"\":\"\"ams\"\"}\",,false,https://x\r\n");
  EXPECT_EQ(line, parsed(R"({"registrationId":"a","deviceId":"d","provisioningStatus":"disabled",
      "iotHubs":["h1.example.net","h2.example.net"],"capabilities":{"iotEdge":true},
      "initialTwin":{"tags":{"site":"ams"}},"reprovisionPolicy":{"updateHubAssignment":false},
      "customAllocationDefinition":{"webhookUrl":"https://x"}})"));
}

TEST(EnrollmentCsv, HeadersMayBeInAnyOrderAndCase) {
  EXPECT_EQ(read_individual("DEVICEID, RegistrationID \nd,a"), parsed(R"({"deviceId":"d","registrationId":"a"})"));
}

TEST(EnrollmentCsv, KeysAndCertificatesImplyTheType) {
  EXPECT_EQ(
      read_individual("registrationId,primaryKey,secondaryKey\na,AAAA,"),
      parsed(R"({"registrationId":"a","attestation":{"symmetricKey":{"primaryKey":"AAAA"},"type":"symmetricKey"}})"));
  EXPECT_EQ(read_individual("registrationId,endorsementKey\na,EK")->at("attestation").at("type"), "tpm");
  EXPECT_EQ(read_row(EnrollmentKind::kGroup, "enrollmentGroupId,primaryCertificate\ng,MII"),
            parsed(R"({"enrollmentGroupId":"g","attestation":{"type":"x509",
                       "x509":{"signingCertificates":{"primary":{"certificate":"MII"}}}}})"));
  EXPECT_FALSE(read_individual("registrationId,primaryKey\na,")->contains("attestation"));
}

TEST(EnrollmentCsv, OtherHoldsWhatHasNoColumnAndNeverOverridesOne) {
  EXPECT_EQ(read_individual("other,registrationId,tags\n"
                            "\"{\"\"registrationId\"\":\"\"b\"\",\"\"trustBundleId\"\":\"\"t\"\","
                            "\"\"initialTwin\"\":{\"\"tags\"\":{\"\"x\"\":1},\"\"more\"\":2}}\",a,\"{\"\"x\"\":0}\""),
            parsed(R"({"registrationId":"a","trustBundleId":"t","initialTwin":{"tags":{"x":0},"more":2}})"));
}

TEST(EnrollmentCsv, FaultsNameTheColumn) {
  const auto message = [](std::string_view text) {
    const auto line = read_individual(text);
    return line ? "" : line.error().message;
  };
  EXPECT_THAT(message("registrationId,colour\na,red"), StartsWith("The header has an unknown column 'colour'; known"));
  EXPECT_THAT(message("registrationId,\x1b[2J\n"), HasSubstr("'?[2J'"));
  EXPECT_THAT(message("registrationId,RegistrationId\na,b"), HasSubstr("registrationId twice"));
  EXPECT_THAT(message("deviceId\nd"), HasSubstr("lacks the column registrationId"));
  EXPECT_THAT(message("registrationId,enrollmentGroupId\na,b"), HasSubstr("unknown column 'enrollmentGroupId'"));
  EXPECT_THAT(message("registrationId,deviceId\na"), HasSubstr("1 cells, the header 2"));
  EXPECT_THAT(message("registrationId,iotEdge\na,yes"), StartsWith("iotEdge: must be true or false"));
  EXPECT_THAT(message("registrationId,tags\na,[]"), StartsWith("tags: the cell must be a JSON object"));
  EXPECT_THAT(message("registrationId,tags\na,{"), StartsWith("tags: the cell is not valid JSON"));
  EXPECT_THAT(message("registrationId,endorsementKey\na,\xff"), StartsWith("endorsementKey: is not UTF-8"));
}

TEST(EnrollmentCsv, FormulasAreGuardedAndComeBack) {
  for (const std::string text : {"=1+1", "+abc/d==", "-1", "@x", "'", "''", "'=x", "'x", "plain", ""}) {
    const std::string guarded = needs_guard(text) ? kGuard + text : text;
    EXPECT_EQ(without_guard(guarded), text);
    EXPECT_NE(guarded.find_first_of("=+-@\t\r"), 0U) << text;
  }
  const Enrollment entry = make(EnrollmentKind::kIndividual, object{{"registrationId", "a"}, {"deviceId", "=cmd()"}});
  EXPECT_THAT(csv_row(entry, ExportSecrets::kLeftOut), StartsWith("a,'=cmd(),symmetricKey,"));
}

std::string certificate(const std::string& common_name) {
  static SequenceRandom random;
  const auto key = crypto::PrivateKey::generate_p256();
  crypto::CertificateRequest request;
  request.common_name = common_name;
  request.use = crypto::CertificateUse::kClient;
  request.not_before = kNow - 24h;
  request.not_after = kNow + 24h;
  return to_base64(crypto::issue_certificate(request, *key, crypto::Issuer{*key, nullptr}, random)->der());
}

std::vector<object> entries(EnrollmentKind kind) {
  const bool group = kind == EnrollmentKind::kGroup;
  const std::string id = group ? R"({"enrollmentGroupId":"g")" : R"({"registrationId":"a")";
  const std::string slots = group ? "signingCertificates" : "clientCertificates";
  std::vector<object> out;
  for (const std::string& members :
       {std::string(R"("attestation":{"type":"symmetricKey","symmetricKey":{
            "primaryKey":"+AECAwQFBgcICQoLDA0ODw==","secondaryKey":"/BESExQVFhcYGRobHB0eHw=="}},
            "initialTwin":{"tags":{"a,b":"say \"hi\"\r\n","n":1.5},"properties":{"desired":{"x":null,"y":[1,{}]}}},
            "capabilities":{"iotEdge":false},"provisioningStatus":"disabled","iotHubHostName":"h.example.net",
            "reprovisionPolicy":{"updateHubAssignment":false,"migrateDeviceData":true},"trustBundleId":"",
            "clientCertificateIssuancePolicy":{"certificateAuthorityName":"x"})"),
        R"("attestation":{"type":"x509","x509":{")" + slots + R"(":{"primary":{"certificate":")" + certificate("a") +
            R"("}}}},"iotHubs":["h1.example.net","h2.example.net"],"allocationPolicy":"custom",
            "customAllocationDefinition":{"webhookUrl":"https://h/?a=b,c","apiVersion":"2021-10-01"})",
        R"("attestation":{"type":"x509","x509":{")" + slots + R"(":{"primary":{"certificate":")" + certificate("a") +
            R"("},"secondary":{"certificate":")" + certificate("b") + R"("}}}},"iotHubs":[],"initialTwin":{})",
        std::string(R"("attestation":{"type":"x509","x509":{"caReferences":{"primary":"=root","secondary":"r;2"}}},
            "initialTwin":{"tags":{},"properties":{}})"),
        std::string(R"("initialTwin":{"tags":{"t":1},"properties":{"desired":{},"extra":{"z":1}},"more":"x"})")}) {
    out.push_back(parsed(id + "," + members + "}"));
  }
  if (!group) {
    out.push_back(parsed(id + R"(,"deviceId":"'-x","optionalDeviceInformation":{"p":"q"},"deviceHostname":"h",
        "attestation":{"type":"tpm","tpm":{"endorsementKey":")" +
                         std::string(crypto::tpm::testing::kEndorsementKey) + R"(","storageRootKey":")" +
                         std::string(crypto::tpm::testing::kStorageRootKey) + R"("}}})"));
  }
  return out;
}

TEST(EnrollmentCsv, AnExportWithSecretsLosesNothing) {
  static SequenceRandom random;
  for (const EnrollmentKind kind : {EnrollmentKind::kIndividual, EnrollmentKind::kGroup}) {
    for (const object& entry : entries(kind)) {
      const Enrollment made = make(kind, entry);
      const std::string text = csv_header(kind, ExportSecrets::kIncluded) + csv_row(made, ExportSecrets::kIncluded);
      const auto line = read_row(kind, text);
      ASSERT_TRUE(line) << line.error().message << text;
      for (const object& form : {*line, to_export_json(made, ExportSecrets::kIncluded)}) {
        Enrollment again = make(kind, form);
        again.etag = made.etag;
        EXPECT_EQ(again, made) << text;
        EXPECT_EQ(apply_import(kind, form, &made, ImportMode::kCreateOrReplace, kNow + 1h, random), std::nullopt)
            << text;
      }
    }
  }
}

TEST(EnrollmentCsv, AnExportWithoutSecretsChangesNothingWhereItCameFrom) {
  static SequenceRandom random;
  for (const EnrollmentKind kind : {EnrollmentKind::kIndividual, EnrollmentKind::kGroup}) {
    for (const object& entry : entries(kind)) {
      const Enrollment made = make(kind, entry);
      const std::string text = csv_header(kind, ExportSecrets::kLeftOut) + csv_row(made, ExportSecrets::kLeftOut);
      const auto line = read_row(kind, text);
      ASSERT_TRUE(line) << line.error().message << text;
      EXPECT_THAT(text, testing::Not(HasSubstr("MII")));
      for (const object& form : {*line, to_export_json(made, ExportSecrets::kLeftOut)}) {
        EXPECT_EQ(apply_import(kind, form, &made, ImportMode::kCreateOrReplace, kNow + 1h, random), std::nullopt)
            << text;
      }
    }
  }
}

}  // namespace
}  // namespace muster::model
