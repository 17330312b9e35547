#include <fstream>

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

HttpResponse answer(const std::string& counts, const std::string& errors = "") {
  return {.status = 200, .body = "{" + counts + R"(,"errors":[)" + errors + "]}"};
}

const HttpResponse kThreeCreated = answer(R"("created":3,"updated":0,"unchanged":0,"failed":0)");

class TransferCommands : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] std::string content(const std::string& name) const {
    return muster::read_file(folder_.path() / name, 100'000).value_or("(no file)");
  }

  TemporaryFolder folder_;
};

TEST_F(TransferCommands, ImportSendsTheFileAndTellsTheTotals) {
  const FakeService service{kThreeCreated};
  const std::string file = write("devices.csv", "registrationId\na\nb\nc\n");
  const Ran ran = run_line("enrollment import --file " + file + " --mode CREATE --connections 1", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "created 3  updated 0  unchanged 0  failed 0\n");
  ASSERT_EQ(service.requests().size(), 1U);
  const HttpRequest& request = service.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://dps.example.net/enrollments/import?mode=create&firstLine=2&api-version=2021-10-01");
  EXPECT_EQ(header_of(request, "Content-Type"), "text/csv; charset=utf-8");
  EXPECT_EQ(request.body, "registrationId\na\nb\nc\n");
  EXPECT_EQ(content("devices.csv.import-state"), "(no file)");
}

TEST_F(TransferCommands, GroupsGoToTheirOwnAddress) {
  const FakeService service{answer(R"("created":1,"updated":0,"unchanged":0,"failed":0)")};
  const std::string file = write("groups.jsonl", "{\"enrollmentGroupId\":\"g\"}\n");
  EXPECT_EQ(run_line("group import -f " + file + " --connections 1", service).code, 0);
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/enrollmentGroups/import?mode=createOrUpdate&firstLine=1&"));
  EXPECT_EQ(header_of(service.requests().at(0), "Content-Type"), "application/x-ndjson");
}

TEST_F(TransferCommands, SomeFailedIsExitCodeOneAndTheReportNamesThem) {
  const FakeService service{answer(R"("created":2,"updated":0,"unchanged":0,"failed":1)",
                                   R"({"line":2,"registrationId":"b","errorCode":400000,"message":"deviceId: no."})")};
  const std::string file = write("devices.ndjson", "{1}\n{2}\n{3}\n");
  const Ran ran =
      run_line("enrollment import --file " + file + " --connections 1 -o json --report " + path("failed"), service);
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "line 2: b: 400000 deviceId: no.\n");
  EXPECT_THAT(ran.out, HasSubstr("\"failed\": 1"));
  EXPECT_EQ(content("failed"),
            "{\"line\":2,\"registrationId\":\"b\",\"errorCode\":400000,\"message\":\"deviceId: no.\"}\n");
}

TEST_F(TransferCommands, AReportThatDoesNotAddUpIsNoSuccess) {
  const std::string file = write("devices.ndjson", "{1}\n{2}\n{3}\n");
  for (const char* body : {"[]", "{}", R"({"created":2,"updated":0,"unchanged":0,"failed":0})",
                           R"({"created":2,"updated":0,"unchanged":0,"failed":1,"errors":[]})",
                           R"({"created":-3,"updated":0,"unchanged":0,"failed":0})"}) {
    const Ran ran = run_line("enrollment import --connections 1 --file " + file, {{.status = 200, .body = body}});
    EXPECT_EQ(ran.code, 1) << body;
    EXPECT_THAT(ran.err, HasSubstr("report")) << body;
  }
}

TEST_F(TransferCommands, WhatWasCutOffIsResumedWhereItStopped) {
  std::string text;
  for (int i = 0; i < 5001; ++i) text += "{\"registrationId\":\"unit-" + std::to_string(i) + "\"}\n";
  const std::string file = write("devices.ndjson", text);
  const std::string line = "enrollment import --connections 1 --file " + file;
  const FakeService dying{answer(R"("created":5000,"updated":0,"unchanged":0,"failed":0)"),
                          {.status = 401, .body = "{}"}};
  const Ran cut = run_line(line, dying);
  EXPECT_EQ(cut.code, 1);
  EXPECT_THAT(cut.err, HasSubstr("5000 entries were imported before; go on with --resume"));

  const FakeService service{answer(R"("created":1,"updated":0,"unchanged":0,"failed":0)")};
  const Ran resumed = run_line(line + " --resume", service);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(resumed.out, "created 5001  updated 0  unchanged 0  failed 0\n") << "totals are of the whole file";
  ASSERT_EQ(service.requests().size(), 1U);
  EXPECT_THAT(service.requests()[0].url, HasSubstr("firstLine=5001&"));
  EXPECT_EQ(service.requests()[0].body, "{\"registrationId\":\"unit-5000\"}\n");
  EXPECT_EQ(content("devices.ndjson.import-state"), "(no file)");
}

TEST_F(TransferCommands, AnotherFileOrImportIsNotResumed) {
  const std::string file = write("devices.csv", "registrationId\na\n");
  write("devices.csv.import-state",
        R"({"task":"other","fileSize":17,"fileModified":1,"offset":17,"line":3,"created":1,"updated":0,"unchanged":0,)"
        R"("failed":0})");
  const FakeService service{answer(R"("created":1,"updated":0,"unchanged":0,"failed":0)")};
  const Ran refused = run_line("enrollment import --resume --file " + file, service);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("without --resume"));
  EXPECT_TRUE(service.requests().empty());
  const Ran anew = run_line("enrollment import --file " + file, service);
  EXPECT_EQ(anew.code, 0);
  EXPECT_THAT(anew.err, HasSubstr("--resume goes on there")) << "there is a state, so it was cut off";
}

TEST_F(TransferCommands, WrongUsageIsTwoAndSendsNothing) {
  const std::string csv = write("devices.csv", "registrationId\na\n");
  const std::string text = write("devices.txt", "a\n");
  const std::string empty = write("empty.csv", "");
  for (const std::string& line : std::vector<std::string>{
           "enrollment import", "enrollment import --file " + path("absent.csv"), "enrollment import --file " + text,
           "enrollment import --file " + empty, "enrollment import --file " + csv + " --mode replace",
           "enrollment import --file " + csv + " --connections 0",
           "enrollment import --file " + csv + " --report /nowhere/report",
           "enrollment import --file - --format csv --resume", "enrollment import --file -",
           "enrollment export --file " + path("out.txt"), "enrollment export --file /nowhere/out.csv",
           "group export --format xml"}) {
    const FakeService service{};
    const Ran ran = run_line(line, service);
    EXPECT_EQ(ran.code, 2) << line;
    EXPECT_NE(ran.err, "") << line;
    EXPECT_TRUE(service.requests().empty()) << line;
  }
}

TEST_F(TransferCommands, ExportJoinsThePagesUnderOneHeader) {
  const FakeService service{{.status = 200, .headers = {{"x-ms-continuation", "next"}}, .body = "registrationId\na\n"},
                            {.status = 200, .body = "registrationId\nb\n"}};
  const Ran ran = run_line("enrollment export --format csv", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "registrationId\na\nb\n");
  ASSERT_EQ(service.requests().size(), 2U);
  EXPECT_EQ(service.requests()[0].url, "https://dps.example.net/enrollments/export?api-version=2021-10-01");
  EXPECT_EQ(header_of(service.requests()[0], "Accept"), "text/csv; charset=utf-8");
  EXPECT_EQ(header_of(service.requests()[1], "x-ms-continuation"), "next");
}

TEST_F(TransferCommands, AnExportWithKeysIsForItsOwnerOnly) {
  const FakeService service{{.status = 200, .body = "{}\n"}};
  EXPECT_EQ(run_line("group export --show-keys --file " + path("groups.ndjson"), service).code, 0);
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/enrollmentGroups/export/keys?"));
  EXPECT_EQ(content("groups.ndjson"), "{}\n");
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(path("groups.ndjson")).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(TransferCommands, APartOfAnExportIsNotTakenForTheWhole) {
  const FakeService service{{.status = 200, .headers = {{"x-ms-continuation", "next"}}, .body = "{}\n"},
                            {.status = 401, .body = "{}"}};
  EXPECT_EQ(run_line("enrollment export --file " + path("devices.ndjson"), service).code, 1);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(TransferCommands, APageThatDidNotComeIsAskedForAgain) {
  const FakeService service{{.status = 503, .body = "{}"}, {.status = 200, .body = "{}\n"}};
  const Ran ran = run_line("enrollment export", service);
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "{}\n");
}

}  // namespace
}  // namespace muster::cli
