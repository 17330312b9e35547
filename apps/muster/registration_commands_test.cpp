#include <gmock/gmock.h>

#include "model/json.h"
#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kRecord =
    R"({"registrationId":"pump-1","assignedHub":"hub-a.example.net","deviceId":"pump-1","status":"assigned"})";

TEST(RegistrationCommands, ShowADevicesRecordByAnyOfItsNames) {
  for (const char* line :
       {"enrollment registration show --eid pump-1", "enrollment registration show --rid pump-1",
        "group registration show --registration-id pump-1", "enrollment-group registration show --rid pump-1"}) {
    const FakeService service{{.status = 200, .body = kRecord}};
    const Ran ran = run_line(line, service);
    EXPECT_EQ(ran.code, 0) << line << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("hub-a.example.net"));
    EXPECT_EQ(service.requests().at(0).method, "GET");
    EXPECT_EQ(service.requests().at(0).url, "https://dps.example.net/registrations/pump-1?api-version=2021-10-01");
  }
  const Ran json = run_line("group registration show --rid pump-1 -o json", {{.status = 200, .body = kRecord}});
  EXPECT_EQ(model::parse_json(json.out).value(), model::parse_json(kRecord).value());
  EXPECT_EQ(run_line("group registration show --rid pump-1", {{.status = 404, .body = "{}"}}).code, 4);
}

TEST(RegistrationCommands, DeleteWithOrWithoutEtag) {
  const FakeService service{{.status = 204}, {.status = 204}};
  EXPECT_EQ(run_line("enrollment registration delete --eid pump:1", service).code, 0);
  EXPECT_EQ(run_line("group registration delete --rid pump-1 --etag e", service).code, 0);
  EXPECT_EQ(service.requests().at(0).method, "DELETE");
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/registrations/pump%3A1?"));
  EXPECT_EQ(header_of(service.requests().at(0), "If-Match"), "*");
  EXPECT_EQ(header_of(service.requests().at(1), "If-Match"), "e");
}

TEST(RegistrationCommands, ListThoseOfAGroupPageByPage) {
  const FakeService service{
      {.status = 200, .headers = {{"x-ms-continuation", "n"}}, .body = std::string("[") + kRecord + "]"},
      {.status = 200, .body = R"([{"registrationId":"pump-2","status":"failed"}])"}};
  const Ran ran = run_line("group registration list --gid line7 --top 5", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("pump-2"));
  ASSERT_EQ(service.requests().size(), 2U);
  EXPECT_THAT(service.requests()[0].url, HasSubstr("/registrations/line7/query?"));
  EXPECT_EQ(service.requests()[0].body, "") << "as `az` sends it (service-api.md 0)";
  EXPECT_EQ(header_of(service.requests()[1], "x-ms-max-item-count"), "4");
  EXPECT_EQ(header_of(service.requests()[1], "x-ms-continuation"), "n");
}

TEST(RegistrationCommands, WrongUsageIsTwo) {
  for (const char* line : {"enrollment registration", "enrollment registration list --eid x", "group registration list",
                           "group registration show --gid x", "group registration list --gid x --top 0"}) {
    EXPECT_EQ(run_line(line).code, 2) << line;
  }
}

}  // namespace
}  // namespace muster::cli
