#include "muster/program.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "model/json.h"
#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Every command, aliases too, as the completion knows them: "enrollment create".
std::vector<std::string> every_command() {
  std::istringstream lines(run_line("completion bash").out);
  std::vector<std::string> commands;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find("'muster ");
    const std::size_t end = line.find("') path=");
    if (begin == std::string::npos || end == std::string::npos) continue;
    commands.push_back(line.substr(begin + 8, end - begin - 8));
  }
  return commands;
}

TEST(CommandLine, EveryLevelHasHelpThatTeaches) {
  const std::vector<std::string> commands = every_command();
  EXPECT_GT(commands.size(), 60U);
  for (const std::string& command : commands) {
    const Ran ran = run_line(command + " --help");
    EXPECT_EQ(ran.code, 0) << command;
    EXPECT_THAT(ran.out, HasSubstr("xamples")) << command;
    EXPECT_THAT(ran.out, Not(HasSubstr("INT:INT"))) << command << ": limits are for people, as_number()";
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 160U) << line;
  }
  EXPECT_THAT(run_line("--help").out, HasSubstr("Exit codes"));
  EXPECT_THAT(run_line("hub create --help").out, HasSubstr("Exit codes"));
}

TEST(CommandLine, TellsItsVersion) {
  EXPECT_THAT(run_line("--version").out, testing::MatchesRegex("muster [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLine, WrongUsageIsTwoAndSendsNothing) {
  for (const char* line : {"",
                           "paint",
                           "enrollment",
                           "enrollment create",
                           "enrollment create --eid x --colour red",
                           "enrollment create --eid x --attestation-type magic",
                           "enrollment create --eid x --initial-twin-tags {",
                           "group create --gid g --attestation-type tpm",
                           "enrollment list --top 0",
                           "enrollment update --eid x",
                           "enrollment list --connection-string nonsense",
                           "enrollment list -o xml",
                           "hub create --hub-name a_b",
                           "hub create --hub-name a.example.net --allocation-weight 1001",
                           "certificate create --certificate-name c",
                           "certificate create --certificate-name c --path /nonexistent",
                           "group compute-device-key --registration-id d",
                           "group compute-device-key --registration-id d --key !!",
                           "serve --threads many",
                           "serve --config /nonexistent",
                           "backup --data d --output f",
                           "backup --data d --output f --include-master-key --without-master-key",
                           "backup --data d --output f --passphrase-file /nonexistent",
                           "backup --output f --include-master-key",
                           "restore --input f",
                           "restore --input f --data d --master-key-file /nonexistent",
                           "device register --provisioning-host h --id-scope s --registration-id d"}) {
    const FakeService service{};
    const Ran ran = run_line(line, service);
    EXPECT_EQ(ran.code, 2) << line;
    EXPECT_NE(ran.err, "") << line;
    EXPECT_TRUE(service.requests().empty()) << line;
  }
}

TEST(CommandLine, ABackupTreatsTheMasterKeyAsAskedFor) {
  const Ran plain = run_line("backup --data d --output f --include-master-key");
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_EQ(plain.backed_up, server::KeyProtection::kPlain);
  EXPECT_THAT(plain.out, HasSubstr("guard it like the data folder itself"));
  EXPECT_EQ(run_line("backup --data d --output f --without-master-key").backed_up, server::KeyProtection::kLeftOut);
}

TEST(CommandLine, ARestoreNamesTheFolderItFilled) {
  const Ran ran = run_line("restore --input f --data d");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.restored, "d");
  EXPECT_THAT(ran.out, HasSubstr("muster serve --data d"));
}

TEST(CommandLine, FailuresOfTheServiceHaveTheirExitCodes) {
  EXPECT_EQ(run_line("enrollment show --eid x").code, 3);
  EXPECT_EQ(run_line("enrollment show --eid x", {{.status = 404, .body = "{}"}}).code, 4);
  const Ran refused = run_line(
      "enrollment create --eid x",
      {{.status = 409, .body = R"({"errorCode":409201,"trackingId":"t","message":"Enrollment already exists."})"}});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "muster: 409201 Enrollment already exists. (tracking id t)\n");
  EXPECT_EQ(refused.out, "");
}

TEST(CommandLine, JsonIsWhatTheServiceSent) {
  const Ran ran = run_line("enrollment create --eid x -o json", {{.status = 200, .body = R"({"z":1,"a":{"k":"v"}})"}});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "{\n  \"z\": 1,\n  \"a\": {\n    \"k\": \"v\"\n  }\n}\n");
}

TEST(CommandLine, ATableHidesKeysUnlessAsked) {
  const HttpResponse created{
      .status = 200,
      .body = R"({"registrationId":"x","attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":"S3=="}}})"};
  EXPECT_THAT(run_line("enrollment create --eid x", {created}).out, Not(HasSubstr("S3==")));
  EXPECT_THAT(run_line("enrollment create --eid x --show-keys", {created}).out, HasSubstr("S3=="));
}

TEST(CommandLine, AnUpdateReadsChangesAndWritesWhatItRead) {
  const FakeService service{
      {.status = 200, .body = R"({"registrationId":"x","etag":"e1","attestation":{"type":"x509"}})"},
      {.status = 200, .body = "{}"}};
  EXPECT_EQ(run_line("enrollment update --eid x --provisioning-status Disabled --iot-hubs a,b c", service).code, 0);
  ASSERT_EQ(service.requests().size(), 2U);
  EXPECT_EQ(header_of(service.requests()[1], "If-Match"), "e1");
  EXPECT_EQ(model::parse_json(service.requests()[1].body).value(),
            model::parse_json(R"({"registrationId":"x","etag":"e1","attestation":{"type":"x509"},
                                  "iotHubs":["a","b","c"],"provisioningStatus":"disabled"})")
                .value());
}

TEST(CommandLine, ADeletionIsUnconditionalWithoutEtag) {
  const FakeService service{{.status = 204}, {.status = 204}};
  EXPECT_EQ(run_line("group delete --gid g", service).code, 0);
  EXPECT_EQ(run_line("group delete --gid g --etag e", service).code, 0);
  EXPECT_EQ(header_of(service.requests().at(0), "If-Match"), "*");
  EXPECT_EQ(header_of(service.requests().at(1), "If-Match"), "e");
}

TEST(CommandLine, AHubIsLinkedThroughTheWholeResource) {
  constexpr const char* kBase =
      "/subscriptions/local/resourceGroups/local/providers/Microsoft.Devices/provisioningServices/p";
  const HttpResponse listed{.status = 200, .body = std::string(R"({"value":[{"id":")") + kBase + R"("}]})"};
  const HttpResponse stored{
      .status = 200,
      .body = R"({"etag":"e2","properties":{"iotHubs":[{"name":"hub-a.example.net","location":"ams"}]}})"};
  const FakeService service{listed, {.status = 200, .body = R"({"etag":"e1","properties":{}})"}, listed, stored};
  const Ran ran =
      run_line("hub create --hub-name hub-a.example.net --location ams --apply-allocation-policy false", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("hub-a.example.net"));
  ASSERT_EQ(service.requests().size(), 4U);
  EXPECT_EQ(service.requests()[0].url,
            "https://dps.example.net/subscriptions/local/providers/Microsoft.Devices/"
            "provisioningServices?api-version=2022-02-05");
  EXPECT_EQ(service.requests()[3].method, "PUT");
  EXPECT_EQ(service.requests()[3].url, std::string("https://dps.example.net") + kBase + "?api-version=2022-02-05");
  EXPECT_EQ(header_of(service.requests()[3], "If-Match"), "e1");
  EXPECT_THAT(service.requests()[3].body, HasSubstr(R"("applyAllocationPolicy":false,"location":"ams")"));
}

TEST(CommandLine, AServiceIdThatIsNoPathIsNotFollowed) {
  for (const char* body : {R"({"value":[]})", R"({"value":[{"id":"evil.example.net"}]})",
                           R"({"value":[{"id":"/a b"}]})", R"({"value":[{"id":7}]})", R"({"value":7})", "[]"}) {
    const FakeService service{{.status = 200, .body = body}};
    EXPECT_NE(run_line("hub list", service).code, 0) << body;
    EXPECT_EQ(service.requests().size(), 1U) << body;
  }
}

TEST(CommandLine, ADeviceKeyIsComputedWithoutTheService) {
  const Ran ran = run_line(
      "group compute-device-key --registration-id line7-unit0042 --key AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "3o9owRjWyu38zPCNIDOAZuDnOz+cAPnNFejFh8w94CE=\n");  // service-api.md 4
}

TEST(CommandLine, ADeviceThatIsNotAssignedFails) {
  const std::string line =
      "device register --provisioning-host h --id-scope s --registration-id d --symmetric-key AAECAwQFBgcICQoLDA0ODw== "
      "-o json";
  const Ran refused = run_line(line, {{.status = 401, .body = R"({"errorCode":401002,"trackingId":"t"})"}});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(model::parse_json(refused.out).value().at("trackingId"), "t");
  const Ran assigned = run_line(line, {{.status = 200, .body = R"({"operationId":"o","status":"assigned"})"}});
  EXPECT_EQ(assigned.code, 0);
  EXPECT_EQ(run_line(line).code, 3);
}

TEST(CommandLine, ExplainShowsOneAttemptInFull) {
  const FakeService service({{.status = 200, .headers = {}, .body = R"({"trackingId":"t","registrationId":"pump\u001b1",
    "outcome":"refused","deviceSees":"401","call":"register","protocol":"http","callerIpAddress":"192.0.2.1",
    "findings":[{"cause":"wrong-key","summary":"Neither key.","advice":"Compare.","facts":"f"},{"cause":"x"}],
    "checks":[{"check":"token.form","passed":true},{"check":"token.signature","passed":false,"facts":"neither"}]})"}});
  const Ran ran = run_line("explain 01A201DF-0639-763f-9664-7b5ea9837ba4", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/attempts/01a201df-0639-763f-9664-7b5ea9837ba4?"));
  EXPECT_THAT(ran.out, HasSubstr("wrong-key: Neither key."));
  EXPECT_THAT(ran.out, HasSubstr("Compare."));
  EXPECT_THAT(ran.out, HasSubstr("FAILED token.signature: neither"));
  EXPECT_THAT(ran.out, HasSubstr("pump?1")) << "a peer cannot drive the terminal";
}

TEST(CommandLine, ExplainListsWhatWasTried) {
  const FakeService service({{.status = 200, .headers = {}, .body = R"([{"trackingId":"t1","timestampUtc":
    "2026-11-22T06:08:43.0396560Z","registrationId":"pump-1","call":"register","outcome":"assigned","assignedHub":"hub-a"},
    7, {"registrationId":"pump-2","outcome":"refused","findings":[{"cause":"no-enrollment"}]}])"}});
  const Ran ran = run_line("explain --failed --top 20", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/attempts?outcome=failed&"));
  EXPECT_EQ(header_of(service.requests().at(0), "x-ms-max-item-count"), "20");
  EXPECT_THAT(ran.out, HasSubstr("2026-11-22T06:08:43  pump-1"));
  EXPECT_THAT(ran.out, HasSubstr("no-enrollment"));
}

TEST(CommandLine, ExplainFindsByThumbprintAndDevice) {
  const FakeService service(
      {{.status = 200, .headers = {}, .body = "[]"}, {.status = 200, .headers = {}, .body = "[]"}});
  const std::string colons = "AB:" + std::string(62, 'c');
  EXPECT_EQ(run_line("explain " + colons, service).code, 4);
  EXPECT_EQ(run_line("explain pump:1", service).code, 4);
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("&thumbprint=AB" + std::string(62, 'c')));
  EXPECT_THAT(service.requests().at(1).url, HasSubstr("&registrationId=pump%3A1"));
}

TEST(CommandLine, CompletionKnowsEveryCommand) {
  const Ran bash = run_line("completion bash");
  EXPECT_EQ(bash.code, 0);
  EXPECT_THAT(bash.out, HasSubstr("'muster enrollment create') words=''; options="));
  EXPECT_THAT(bash.out, HasSubstr("'muster explain --chain') files=yes ;;"));
  EXPECT_THAT(bash.out, HasSubstr("complete -o filenames -F _muster muster"));
  EXPECT_THAT(run_line("completion zsh").out, HasSubstr("bashcompinit"));
  EXPECT_THAT(run_line("completion fish").out, HasSubstr("-a 'explain'"));
}

TEST(CommandLine, ServeGetsItsFlags) {
  const Ran ran = run_line(
      "serve --data d --listen 127.0.0.1:0 --listen [::1]:8443 --host-name a.example.net --host-name b.example.net "
      "--certificate c.pem --private-key c.key --threads 3 --ready-file r --log-level warning --log-format json "
      "--fast-decode off");
  EXPECT_EQ(ran.code, 0) << ran.err;
  ASSERT_TRUE(ran.served);
  EXPECT_EQ(ran.served->data, "d");
  EXPECT_THAT(ran.served->listen, ElementsAre(ListenAddress{"127.0.0.1", 0}, ListenAddress{"::1", 8443}));
  EXPECT_THAT(ran.served->host_names, ElementsAre("a.example.net", "b.example.net"));
  EXPECT_THAT(ran.served->certificates, ElementsAre(CertificateFiles{"c.pem", "c.key"}));
  EXPECT_EQ(ran.served->threads, 3U);
  EXPECT_EQ(ran.served->ready_file, "r");
  EXPECT_EQ(ran.served->log_level, LogLevel::kWarning);
  EXPECT_FALSE(ran.served->fast_decode);
}

TEST(CommandLine, ServePrintsAnExampleConfiguration) {
  const Ran ran = run_line("serve --print-config");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, example_config());
  EXPECT_FALSE(ran.served);
}

}  // namespace
}  // namespace muster::cli
