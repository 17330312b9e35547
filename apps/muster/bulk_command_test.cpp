#include <fstream>

#include <gmock/gmock.h>

#include "base/temporary_folder.h"
#include "model/json.h"
#include "muster/bulk_file.h"
#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;
using testing::HasSubstr;

constexpr auto kIndividual = EnrollmentKind::kIndividual;

TEST(BulkFile, TakesListsObjectsAndLines) {
  for (const char* text : {R"([{"registrationId":"a"},{"registrationId":"b","x":1}])",
                           "[\n  {\n\"registrationId\":\"a\"},{\"registrationId\":\"b\",\"x\":1}\n]\n",
                           "{\"registrationId\":\"a\"}\n\n{\"registrationId\":\"b\",\"x\":1}\r\n"}) {
    const auto entries = read_bulk_entries(kIndividual, text);
    ASSERT_TRUE(entries) << text;
    EXPECT_EQ(boost::json::serialize(*entries), R"([{"registrationId":"a"},{"registrationId":"b","x":1}])");
  }
  EXPECT_EQ(read_bulk_entries(kIndividual, "{\n\"registrationId\":\"a\"\n}").value().size(), 1U);
  EXPECT_EQ(read_bulk_entries(kIndividual, "").value().size(), 0U);
}

TEST(BulkFile, TellsWhatIsWrong) {
  const auto message = [](std::string_view text, EnrollmentKind kind = kIndividual) {
    const auto entries = read_bulk_entries(kind, text);
    return entries ? "fine" : entries.error().message;
  };
  EXPECT_THAT(message("[{\"registrationId\":\"a\"}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(message("{\"registrationId\":\"a\"}\nx\n"), HasSubstr("Line 2"));
  EXPECT_THAT(message("[7]"), HasSubstr("Entry 1"));
  EXPECT_THAT(message("[{\"registrationId\":\"a\"},{}]"), HasSubstr("Entry 2: registrationId"));
  EXPECT_THAT(message("[{\"registrationId\":\"a\"},{\"registrationId\":\"A\"}]"), HasSubstr("Entry 2: A stands there"));
  EXPECT_THAT(message("[{\"registrationId\":\"a\"}]", EnrollmentKind::kGroup), HasSubstr("enrollmentGroupId"));
}

class BulkCommand : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    const auto path = folder_.path() / "entries.json";
    std::ofstream(path) << text;
    return path.string();
  }
  TemporaryFolder folder_;
};

const HttpResponse kAllDone{.status = 200, .body = R"({"isSuccessful":true,"errors":[]})"};

TEST_F(BulkCommand, SendsTenAtATime) {
  std::string text;
  for (int i = 0; i < 11; ++i) text += "{\"registrationId\":\"unit-" + std::to_string(i) + "\"}\n";
  const FakeService service{kAllDone, kAllDone};
  const Ran ran = run_line("enrollment bulk --mode CREATE --file " + write(text), service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "done 11  failed 0\n");
  ASSERT_EQ(service.requests().size(), 2U);
  EXPECT_EQ(service.requests()[0].url, "https://dps.example.net/enrollments?api-version=2021-10-01");
  EXPECT_EQ(service.requests()[1].body, R"({"mode":"create","enrollments":[{"registrationId":"unit-10"}]})");
}

TEST_F(BulkCommand, ADeletionNamesEntriesAndNoMore) {
  const FakeService service{kAllDone};
  const std::string file =
      write(R"([{"enrollmentGroupId":"g","etag":"e","attestation":{"type":"symmetricKey"},"initialTwin":{}}])");
  EXPECT_EQ(run_line("enrollment-group bulk --mode delete -f " + file, service).code, 0);
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/enrollmentGroups?"));
  EXPECT_EQ(service.requests().at(0).body,
            R"({"mode":"delete","enrollmentGroups":[{"enrollmentGroupId":"g","etag":"e"}]})");
}

TEST_F(BulkCommand, FailuresAreToldOneByOne) {
  const FakeService service{
      {.status = 200,
       .body =
           R"({"isSuccessful":false,"errors":[{"registrationId":"b","errorCode":404201,"errorStatus":"Not\u001b."}]})"}};
  const std::string file = write("{\"registrationId\":\"a\"}\n{\"registrationId\":\"b\"}\n");
  const Ran ran = run_line("enrollment bulk --mode delete --file " + file + " -o json", service);
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "b: 404201 Not?.\n");
  EXPECT_EQ(model::parse_json(ran.out).value().at("isSuccessful"), false);
}

TEST_F(BulkCommand, WhatEndsItTellsHowFarItGot) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "{\"registrationId\":\"unit-" + std::to_string(i) + "\"}\n";
  const Ran ran = run_line("enrollment bulk --mode update --file " + write(text), {kAllDone});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(ran.err, HasSubstr("10 of 20 entries were done before"));
  EXPECT_EQ(run_line("enrollment bulk --mode update --file " + write(text), {{.status = 200, .body = "[]"}}).code, 1);
}

TEST_F(BulkCommand, WrongUsageIsTwoAndSendsNothing) {
  const std::string file = write("[7]");
  for (const std::string& line : std::vector<std::string>{
           "enrollment bulk --mode create --file " + file, "enrollment bulk --mode merge --file " + file,
           "enrollment bulk --file " + file, "enrollment bulk --mode create --file /nowhere"}) {
    const FakeService service{};
    EXPECT_EQ(run_line(line, service).code, 2) << line;
    EXPECT_TRUE(service.requests().empty()) << line;
  }
}

}  // namespace
}  // namespace muster::cli
