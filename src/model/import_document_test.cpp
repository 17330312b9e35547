#include "model/import_document.h"

#include <boost/json/monotonic_resource.hpp>
#include <gmock/gmock.h>

namespace muster::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// "LINE ID" of each record, or "LINE! fault".
std::vector<std::string> read_all(TransferFormat format, std::string_view text,
                                  std::optional<std::size_t> first_line = std::nullopt) {
  auto document = ImportDocument::open(EnrollmentKind::kIndividual, format, text, first_line);
  if (!document) return {document.error().message};
  std::vector<std::string> out;
  while (const auto record = document->next()) {
    const auto& members = record->members;
    EXPECT_EQ(document->read_again(record->text).has_value(), members.has_value());
    if (members) {
      EXPECT_EQ(document->read_again(record->text), members);
    }
    out.push_back(std::to_string(record->line) + (members
                                                      ? " " + std::string(members->at("registrationId").get_string())
                                                      : "! " + members.error().message));
  }
  return out;
}

TEST(ImportDocument, NdjsonHasAnEntryInEachLine) {
  const std::string text = "{\"registrationId\":\"a\"}\n\n[]\n{\"registrationId\":\"b\"\n{\"registrationId\":\"c\"}";
  const auto found = read_all(TransferFormat::kNdjson, text);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0], "1 a");
  EXPECT_EQ(found[1], "3! The line must be a JSON object.");
  EXPECT_THAT(found[2], HasSubstr("4! The line is not valid JSON: "));
  EXPECT_EQ(found[3], "5 c");
  EXPECT_THAT(read_all(TransferFormat::kNdjson, text, 101), ElementsAre("101 a", testing::_, testing::_, "105 c"));
}

TEST(ImportDocument, CsvHasAHeader) {
  const std::string text = "\xef\xbb\xbfregistrationId,deviceId\r\na,\"x\ny\"\r\n\r\nb\"c,\r\nd,\r\n";
  EXPECT_THAT(read_all(TransferFormat::kCsv, text),
              ElementsAre("2 a", "5! The record has a quote inside a cell that does not begin with one.", "6 d"));
  EXPECT_THAT(read_all(TransferFormat::kCsv, text, 102), ElementsAre("102 a", HasSubstr("105!"), "106 d"));
}

TEST(ImportDocument, WhatIsMadeOfALineOutlivesIt) {
  SequenceRandom random;
  std::optional<Enrollment> made;
  {
    boost::json::monotonic_resource arena;
    auto document = ImportDocument::open(
        EnrollmentKind::kIndividual, TransferFormat::kNdjson,
        R"({"registrationId":"a","initialTwin":{"tags":{"t":[1]}},"optionalDeviceInformation":{"i":{"j":"k"}},)"
        R"("trustBundleId":"b","clientCertificateIssuancePolicy":{"c":"d"}})",
        std::nullopt);
    made = **apply_import(EnrollmentKind::kIndividual, *document->next(&arena)->members, nullptr, ImportMode::kCreate,
                          TimePoint(), random);
  }
  for (const auto& object : {*made->initial_twin, *made->device_information, made->preview_members}) {
    EXPECT_EQ(object.storage(), boost::json::storage_ptr());
    for (const auto& member : object) EXPECT_EQ(member.value().storage(), boost::json::storage_ptr());
  }
  EXPECT_EQ(made->initial_twin->at("tags").at("t").at(0), 1);
}

TEST(ImportDocument, WithoutAHeaderThereIsNoTable) {
  for (const std::string_view text : {"", "\n\n", "\"", "colour\nred\n"}) {
    EXPECT_THAT(read_all(TransferFormat::kCsv, text), ElementsAre(HasSubstr("The header"))) << text;
  }
}

}  // namespace
}  // namespace muster::model
