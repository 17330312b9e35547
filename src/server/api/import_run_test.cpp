#include "server/api/import_run.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "provisioning/test_world.h"

namespace muster::server {
namespace {

using model::EnrollmentKind;
using model::ImportMode;
using model::TransferFormat;
using testing::ElementsAre;
using testing::HasSubstr;

class ImportRunTest : public testing::Test {
 protected:
  Result<ImportReport> import(std::string_view text, ImportMode mode = ImportMode::kCreateOrUpdate,
                              EnrollmentKind kind = EnrollmentKind::kIndividual,
                              TransferFormat format = TransferFormat::kNdjson,
                              std::optional<std::size_t> first_line = std::nullopt) {
    auto document = model::ImportDocument::open(kind, format, text, first_line);
    if (!document) return std::unexpected(document.error());
    auto config = wait_for(world_.store().config(instance())).value();
    ImportRun run(world_.store(), world_.random, {config, kind, mode, world_.clock.now()});
    return wait_for(run.run(*document));
  }

  /// "created updated unchanged" and the lines that failed.
  std::string outcome(std::string_view text, ImportMode mode = ImportMode::kCreateOrUpdate) {
    const auto report = import(text, mode);
    if (!report) return report.error().message;
    std::string out = fmt::format("{} {} {}", report->created, report->updated, report->unchanged);
    for (const ImportFailure& failure : report->failures) {
      out += fmt::format(", {} {}: {}", failure.line, failure.id, failure.error.message);
    }
    return out;
  }

  std::optional<model::Enrollment> find(const std::string& id) {
    const auto found = world_.must(world_.store().find_enrollment(instance(), EnrollmentKind::kIndividual, id));
    return found ? std::optional<model::Enrollment>(*found) : std::nullopt;
  }

  static model::InstanceId instance() { return model::id_key(provisioning::testing::World::kScope); }

  provisioning::testing::World world_;
};

TEST_F(ImportRunTest, NewEntriesAreCreatedAndTheSameFileAgainChangesNothing) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += fmt::format("{{\"registrationId\":\"unit-{}\"}}\n", i);
  EXPECT_EQ(outcome(text), "1000 0 0");
  const auto before = find("unit-7");
  EXPECT_EQ(outcome(text), "0 0 1000");
  EXPECT_EQ(find("unit-7"), before) << "etag and keys stay";
}

TEST_F(ImportRunTest, BadLinesCostNoOther) {
  const std::string text =
      "{\"registrationId\":\"a\"}\nnonsense\n{\"registrationId\":\"b\",\"deviceId\":\" \"}\n\n"
      "{\"deviceId\":\"d\"}\n{\"registrationId\":\"c\",\"iotHubs\":[\"hub-x.test\"]}\n{\"registrationId\":\"d\"}\n";
  const auto report = import(text);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->created, 2U);
  std::vector<std::size_t> lines;
  lines.reserve(report->failures.size());
  for (const auto& failure : report->failures) lines.push_back(failure.line);
  EXPECT_THAT(lines, ElementsAre(2, 3, 5, 6));
  EXPECT_EQ(report->failures[1].id, "b");
  EXPECT_THAT(report->failures[3].error.message, HasSubstr("hub-x.test is not linked"));
  EXPECT_TRUE(find("d"));
}

TEST_F(ImportRunTest, LinesOfOneEntryCountInTheirOrder) {
  EXPECT_EQ(outcome("{\"registrationId\":\"a\",\"deviceId\":\"1\"}\n{\"registrationId\":\"A\",\"deviceId\":\"2\"}\n"
                    "{\"registrationId\":\"a\",\"deviceId\":\"2\"}\n{\"registrationId\":\"a\",\"deviceId\":\"3\"}"),
            "1 2 1");
  EXPECT_EQ(find("a")->device_id, "3");
  EXPECT_EQ(outcome("{\"registrationId\":\"b\"}\n{\"registrationId\":\"b\",\"deviceId\":\"x\"}", ImportMode::kCreate),
            "1 0 0, 2 b: Exists already and is not the same.");
}

TEST_F(ImportRunTest, EntriesThatWereTakenForNewAreMadeAnew) {
  EXPECT_EQ(outcome("{\"registrationId\":\"b\"}\n{\"registrationId\":\"c\",\"deviceId\":\"x\"}"), "2 0 0");
  const auto before = find("b");
  // The first line is new, so the others are taken for new until the store says otherwise.
  EXPECT_EQ(
      outcome("{\"registrationId\":\"a\"}\n{\"registrationId\":\"b\"}\n{\"registrationId\":\"c\",\"deviceId\":\"y\"}"),
      "1 1 1");
  EXPECT_EQ(find("b"), before);
  EXPECT_EQ(find("c")->device_id, "y");
}

TEST_F(ImportRunTest, AThumbprintIsEnoughForACertificateThatIsThere) {
  const auto identity = world_.issue("a", crypto::CertificateUse::kClient);
  const std::string certificate = to_base64(identity.certificate.der());
  EXPECT_EQ(outcome(R"({"registrationId":"a","attestation":{"type":"x509","x509":{"clientCertificates":{"primary":)"
                    R"({"certificate":")" +
                    certificate + R"("}}}}})"),
            "1 0 0");
  const std::string line =
      R"({"registrationId":"a","attestation":{"type":"x509","x509":{"clientCertificates":{"primary":)"
      R"({"info":{"sha256Thumbprint":")" +
      identity.certificate.thumbprint() + R"("}}}}}})";
  EXPECT_EQ(outcome("{\"registrationId\":\"0\"}\n" + line), "1 0 1");
  EXPECT_THAT(
      outcome(R"({"registrationId":"b","attestation":{"type":"x509","x509":{"clientCertificates":{"primary":)"
              R"({"info":{"sha256Thumbprint":"00"}}}}}})"),
      HasSubstr("1 b: attestation.x509.clientCertificates.primary.info.sha256Thumbprint: is not the thumbprint"));
}

TEST_F(ImportRunTest, ACertificateInTwoLinesGoesToTheFirst) {  // R-033
  const std::string certificate = to_base64(world_.issue("a", crypto::CertificateUse::kClient).certificate.der());
  const auto line = [&](std::string_view id) {
    return fmt::format(R"({{"registrationId":"{}","attestation":{{"type":"x509","x509":{{"clientCertificates":)"
                       R"({{"primary":{{"certificate":"{}"}}}}}}}}}})",
                       id, certificate);
  };
  EXPECT_EQ(outcome(line("a") + "\n" + line("b") + "\n" + line("b")),
            "1 0 0, 2 b: The certificate is already in use by individual enrollment 'a'., "
            "3 b: The certificate is already in use by individual enrollment 'a'.");
}

TEST_F(ImportRunTest, WhatALineDoesNotGiveStaysUnlessItReplaces) {  // service-api.md 3.5
  const std::string whole = R"({"registrationId":"a","deviceId":"d","initialTwin":{"tags":{"site":"ams"}}})";
  EXPECT_EQ(outcome(whole), "1 0 0");
  const auto created = find("a");
  EXPECT_EQ(outcome(R"({"registrationId":"a","provisioningStatus":"disabled"})"), "0 1 0");
  const auto updated = find("a");
  EXPECT_EQ(updated->attestation, created->attestation) << "keys are kept";
  EXPECT_EQ(updated->device_id, "d");
  EXPECT_NE(updated->etag, created->etag);
  EXPECT_EQ(outcome(R"({"registrationId":"a"})"), "0 0 1");

  EXPECT_EQ(outcome(R"({"registrationId":"a"})", ImportMode::kCreateOrReplace), "0 1 0");
  const auto replaced = find("a");
  EXPECT_EQ(replaced->attestation, created->attestation) << "keys are kept";
  EXPECT_EQ(replaced->device_id, "");
  EXPECT_EQ(replaced->status, model::ProvisioningStatus::kEnabled);
  EXPECT_EQ(outcome(R"({"registrationId":"a"})", ImportMode::kCreateOrReplace), "0 0 1");
}

TEST_F(ImportRunTest, CreateModeChangesNothingThatIsThere) {
  EXPECT_EQ(outcome(R"({"registrationId":"a","deviceId":"d"})", ImportMode::kCreate), "1 0 0");
  const auto before = find("a");
  EXPECT_EQ(outcome("{\"registrationId\":\"a\"}\n{\"registrationId\":\"a\",\"deviceId\":\"e\"}", ImportMode::kCreate),
            "0 0 1, 2 a: Exists already and is not the same.");
  EXPECT_EQ(find("a"), before);
}

TEST_F(ImportRunTest, RowsAreCountedAsTheCallerCounts) {
  const auto report = import("registrationId,deviceId\na,\"1\n2\"\nb,x\nc,y,z\n", ImportMode::kCreateOrUpdate,
                             EnrollmentKind::kIndividual, TransferFormat::kCsv, 701);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->created, 1U);
  ASSERT_EQ(report->failures.size(), 2U);
  EXPECT_EQ(report->failures[0].line, 701U) << "a device id has no line end";
  EXPECT_EQ(report->failures[1].line, 704U) << "more cells than columns";
  EXPECT_FALSE(import("registrationId,colour\na,red\n", ImportMode::kCreateOrUpdate, EnrollmentKind::kIndividual,
                      TransferFormat::kCsv));
}

TEST_F(ImportRunTest, TooManyLinesAreRefusedAsAWhole) {
  std::string text;
  for (std::size_t i = 0; i <= ImportRun::kMaxLines; ++i) text += fmt::format("{{\"registrationId\":\"{}\"}}\n", i);
  EXPECT_THAT(outcome(text), HasSubstr("More than 10000 lines"));
  EXPECT_FALSE(find("0"));
}

TEST_F(ImportRunTest, NothingIsNothing) {
  EXPECT_EQ(outcome(""), "0 0 0");
  EXPECT_EQ(outcome("\n\n"), "0 0 0");
}

TEST_F(ImportRunTest, GroupsGoTheSameWay) {
  const auto report =
      import("{\"enrollmentGroupId\":\"g\"}\n{\"registrationId\":\"g\"}", ImportMode::kCreate, EnrollmentKind::kGroup);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->created, 1U);
  EXPECT_EQ(report->failures.at(0).line, 2U);
  EXPECT_EQ(wait_for(world_.store().symmetric_groups(instance())).value()->size(), 1U);
}

}  // namespace
}  // namespace muster::server
