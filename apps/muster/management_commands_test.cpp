#include <gmock/gmock.h>

#include "model/json.h"
#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kBase =
    "/subscriptions/local/resourceGroups/r/providers/Microsoft.Devices/provisioningServices/p";
const HttpResponse kListed{.status = 200, .body = std::string(R"({"value":[{"id":")") + kBase + R"("}]})"};
const HttpResponse kResource{
    .status = 200,
    .body = R"({"name":"p","etag":"e1","properties":{"idScope":"0ne00000001","allocationPolicy":"Hashed","iotHubs":[
                {"name":"hub-a.example.net"},{"name":"hub-b.example.net"}],"state":"Active"}})"};
const HttpResponse kPolicies{.status = 200, .body = R"({"value":[
    {"keyName":"owner","primaryKey":"AAECAwQFBgcICQoLDA0ODw==","secondaryKey":"c2Vjb25k","rights":"ServiceConfig"}]})"};
const HttpResponse kReader{
    .status = 200,
    .body = R"({"keyName":"reader","primaryKey":"cHJpbWFyeQ==","secondaryKey":"c2Vjb25k","rights":"EnrollmentRead"})"};

std::string path(const HttpRequest& request) {
  return request.url.substr(0, request.url.find('?'));
}

std::string at_base(const std::string& suffix) {
  return std::string("https://dps.example.net") + kBase + suffix;
}

TEST(InstanceCommands, ShowWhatPeopleNeed) {
  const Ran ran = run_line("instance show", {kListed, kResource});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("0ne00000001"));
  EXPECT_THAT(ran.out, HasSubstr("hub-a.example.net hub-b.example.net"));
  const Ran json = run_line("instance show -o json", {kListed, kResource});
  EXPECT_EQ(model::parse_json(json.out).value(), model::parse_json(kResource.body).value());
  EXPECT_EQ(run_line("instance show", {kListed, {.status = 200, .body = "{}"}}).code, 0);
  EXPECT_EQ(run_line("instance show", {kListed, {.status = 200, .body = R"({"properties":7})"}}).code, 0);
}

TEST(InstanceCommands, ChangeTheAllocationPolicyOfTheResourceTheyRead) {
  const FakeService service{kListed, kResource, kListed, kResource};
  EXPECT_EQ(run_line("instance update --allocation-policy STATIC", service).code, 0);
  const HttpRequest& put = service.requests().at(3);
  EXPECT_EQ(put.method, "PUT");
  EXPECT_EQ(header_of(put, "If-Match"), "e1");
  EXPECT_EQ(model::parse_json(put.body).value().at("properties").at("allocationPolicy"), "Static");
  EXPECT_EQ(run_line("instance update --allocation-policy custom").code, 2);
}

TEST(PolicyCommands, CreationSendsTheNewOneAndNamesTheOthers) {
  const FakeService service{kListed, kResource, kListed, kPolicies, kListed, kResource, kListed, kReader};
  const Ran ran = run_line("policy create --policy-name reader --rights EnrollmentRead", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("reader"));
  EXPECT_THAT(ran.out, Not(HasSubstr("cHJpbWFyeQ==")));
  ASSERT_EQ(service.requests().size(), 8U);
  EXPECT_EQ(path(service.requests()[3]), at_base("/listkeys"));
  EXPECT_EQ(path(service.requests()[7]), at_base("/keys/reader/listkeys"));
  const HttpRequest& put = service.requests()[5];
  EXPECT_EQ(header_of(put, "If-Match"), "e1");
  EXPECT_EQ(model::parse_json(put.body).value().at("properties").at("authorizationPolicies"),
            model::parse_json(R"([{"keyName":"owner","rights":"ServiceConfig"},
                                  {"keyName":"reader","rights":"EnrollmentRead"}])")
                .value());
}

TEST(PolicyCommands, ShowKeysWhenAsked) {
  EXPECT_THAT(run_line("policy show --pn reader", {kListed, kReader}).out, Not(HasSubstr("cHJpbWFyeQ==")));
  EXPECT_THAT(run_line("policy show --pn reader --show-keys", {kListed, kReader}).out, HasSubstr("cHJpbWFyeQ=="));
  EXPECT_THAT(run_line("policy list", {kListed, kPolicies}).out, Not(HasSubstr("AAECAw")));
  EXPECT_THAT(run_line("policy list", {kListed, kPolicies}).out, HasSubstr("ServiceConfig"));
  EXPECT_EQ(run_line("policy show --pn x", {kListed, {.status = 404, .body = "{}"}}).code, 4);
}

TEST(PolicyCommands, AfterItsOwnKeyChangedACommandUsesTheNewOne) {
  const FakeService service{kListed, kResource, kListed, kPolicies, kListed, kResource, kListed, kReader};
  const Ran ran = run_line("policy update --pn owner --regenerate primary --show-keys", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("the policy that this command connects with"));
  ASSERT_EQ(service.requests().size(), 8U);
  EXPECT_EQ(header_of(service.requests()[0], "Authorization"), header_of(service.requests()[5], "Authorization"));
  EXPECT_NE(header_of(service.requests()[5], "Authorization"), header_of(service.requests()[7], "Authorization"));
}

TEST(PolicyCommands, NobodyLosesTheWayIn) {
  const FakeService service{};
  const Ran ran = run_line("policy update --pn owner --regenerate primary", service);
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--show-keys"));
  EXPECT_TRUE(service.requests().empty());
}

TEST(PolicyCommands, ADeletionNamesTheOthers) {
  const FakeService service{kListed, kResource, kListed, kPolicies, kListed, kResource};
  EXPECT_EQ(run_line("policy delete --policy-name owner", service).code, 0);
  EXPECT_THAT(service.requests().at(5).body, HasSubstr(R"("authorizationPolicies":[])")) << "the service refuses that";
  EXPECT_EQ(run_line("policy delete --policy-name absent", {kListed, kResource, kListed, kPolicies}).code, 4);
}

TEST(PolicyCommands, WrongUsageIsTwoAndSendsNothing) {
  for (const char* line :
       {"policy", "policy show", "policy create --pn p", "policy create --pn p --rights Fly", "policy update --pn p",
        "policy update --pn p --regenerate both", "policy update --pn p --regenerate primary --primary-key a2V5",
        "connection-string show --key third", "connection-string show --all --policy-name p"}) {
    const FakeService service{};
    const Ran ran = run_line(line, service);
    EXPECT_EQ(ran.code, 2) << line;
    EXPECT_NE(ran.err, "") << line;
    EXPECT_TRUE(service.requests().empty()) << line;
  }
}

TEST(ConnectionStringCommands, MakeOneOfHostPolicyAndKey) {
  const FakeService service{kListed, kReader};
  const Ran ran = run_line("connection-string show --policy-name reader --key secondary", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "HostName=dps.example.net;SharedAccessKeyName=reader;SharedAccessKey=c2Vjb25k\n");
  EXPECT_EQ(path(service.requests().at(1)), at_base("/keys/reader/listkeys"));
  const FakeService owner{kListed, kReader};
  run_line("connection-string show", owner);
  EXPECT_EQ(path(owner.requests().at(1)), at_base("/keys/provisioningserviceowner/listkeys"));
}

TEST(ConnectionStringCommands, MakeThoseOfAllPolicies) {
  const Ran ran = run_line("connection-string show --all -o json", {kListed, kPolicies});
  EXPECT_EQ(model::parse_json(ran.out).value(), model::parse_json(R"([{"keyName":"owner","connectionString":
              "HostName=dps.example.net;SharedAccessKeyName=owner;SharedAccessKey=AAECAwQFBgcICQoLDA0ODw=="}])")
                                                    .value());
  for (const char* body : {"{}", R"({"keyName":"a"})", R"({"keyName":"a","primaryKey":"!"})"}) {
    EXPECT_EQ(run_line("connection-string show", {kListed, {.status = 200, .body = body}}).code, 1) << body;
  }
}

TEST(HubCommands, AChangeKeepsAllElse) {
  const FakeService service{kListed, kResource, kListed, kResource};
  const Ran ran = run_line("linked-hub update --linked-hub hub-b.example.net --allocation-weight 5", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(
      model::parse_json(service.requests().at(3).body).value().at("properties").at("iotHubs"),
      model::parse_json(R"([{"name":"hub-a.example.net"},{"name":"hub-b.example.net","allocationWeight":5}])").value());
  EXPECT_EQ(run_line("hub update --hub-name hub-b.example.net").code, 2) << "nothing to change";
  EXPECT_EQ(run_line("hub update --hub-name hub-c.example.net --location x", {kListed, kResource}).code, 4);
}

}  // namespace
}  // namespace muster::cli
