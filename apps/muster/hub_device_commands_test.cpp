#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "muster/fake_program.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kDevice =
    R"({"deviceId":"pump:1","etag":"MTIz","status":"enabled","authentication":{"type":"sas",)"
    R"("symmetricKey":{"primaryKey":"c2VjcmV0","secondaryKey":null}}})";

TEST(HubDeviceCommands, AnIdentityIsShownWithoutItsKeysUnlessTheyAreAskedFor) {
  const FakeService service{{.status = 200, .body = kDevice}};
  const Ran hidden = run_line("device-identity show -d pump:1", service);
  EXPECT_EQ(hidden.code, 0) << hidden.err;
  EXPECT_EQ(service.requests().at(0).url, "https://dps.example.net/devices/pump%3A1?api-version=2021-04-12");
  EXPECT_THAT(hidden.out, Not(HasSubstr("c2VjcmV0")));
  const Ran shown = run_line("device-identity show -d pump:1 --show-keys", {{.status = 200, .body = kDevice}});
  EXPECT_THAT(shown.out, HasSubstr("c2VjcmV0"));
  EXPECT_EQ(run_line("device-identity show -d pump:1", {{.status = 404, .body = "{}"}}).code, 4);
}

TEST(HubDeviceCommands, AnUpdateKeepsTheRestAndTheEtagThatWasRead) {
  const FakeService service{{.status = 200, .body = kDevice}, {.status = 200, .body = kDevice}};
  const Ran ran = run_line("device-identity update -d pump:1 --status DISABLED --status-reason stolen", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  const HttpRequest& put = service.requests().at(1);
  EXPECT_EQ(put.method, "PUT");
  EXPECT_EQ(header_of(put, "If-Match"), "\"MTIz\"");
  for (const char* part : {R"("status":"disabled")", R"("statusReason":"stolen")", R"("primaryKey":"c2VjcmV0")"}) {
    EXPECT_THAT(put.body, HasSubstr(part));
  }
}

TEST(HubDeviceCommands, DevicesAreListedAndDeleted) {
  const FakeService service{{.status = 200, .body = std::string("[") + kDevice + "]"}, {.status = 204}};
  EXPECT_THAT(run_line("device-identity list --top 7", service).out, HasSubstr("pump:1"));
  EXPECT_THAT(service.requests()[0].url, HasSubstr("/devices?top=7&"));
  EXPECT_EQ(run_line("device-identity delete -d pump:1", service).code, 0);
  EXPECT_EQ(header_of(service.requests()[1], "If-Match"), "\"*\"");
}

TEST(HubDeviceCommands, ATwinIsPatchedWithWhatIsGiven) {
  const FakeService service{{.status = 200, .body = "{}"}};
  const Ran ran = run_line(R"(device-twin update -d p --tags {"a":null} --desired {"rpm":9})", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(service.requests().at(0).method, "PATCH");
  EXPECT_EQ(service.requests().at(0).body, R"({"tags":{"a":null},"properties":{"desired":{"rpm":9}}})");
}

TEST(HubDeviceCommands, AMethodIsCalledAndItsAnswerShown) {
  const FakeService service{{.status = 200, .body = R"({"status":202,"payload":{"ok":true}})"}};
  const Ran ran = run_line("device-method invoke -d p --method-name reboot --timeout 7 -o json", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(R"("status": 202)"));
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/twins/p/methods?"));
  EXPECT_EQ(service.requests().at(0).body,
            R"({"methodName":"reboot","payload":null,"responseTimeoutInSeconds":7,"connectTimeoutInSeconds":0})");
}

TEST(HubDeviceCommands, AMessageIsSentWithItsProperties) {
  const FakeService service{{.status = 204, .headers = {{"iothub-messageid", "m7"}}}};
  const Ran ran = run_line(
      "device-message send -d p --data hello --props a=b --props c= --ack full --ct text/plain -o json", service);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(R"("messageId": "m7")"));
  const HttpRequest& request = service.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_THAT(request.url, HasSubstr("/devices/p/messages/devicebound?"));
  EXPECT_EQ(request.body, "hello");
  EXPECT_EQ(header_of(request, "iothub-app-a"), "b");
  EXPECT_EQ(header_of(request, "iothub-app-c"), "");
  EXPECT_EQ(header_of(request, "iothub-ack"), "full");
  EXPECT_EQ(header_of(request, "Content-Type"), "text/plain");
  EXPECT_EQ(run_line("device-message send -d p --data x", {{.status = 403, .body = "{}"}}).code, 1);
}

TEST(HubDeviceCommands, MessagesArePurged) {
  const FakeService service{{.status = 200, .body = R"({"totalMessagesPurged":3,"deviceId":"p"})"}};
  EXPECT_THAT(run_line("device-message purge -d p -o json", service).out, HasSubstr(R"("totalMessagesPurged": 3)"));
  EXPECT_EQ(service.requests().at(0).method, "DELETE");
  EXPECT_THAT(service.requests().at(0).url, HasSubstr("/devices/p/commands?"));
}

TEST(HubDeviceCommands, WrongUsageAsksNobody) {
  for (const char* line :
       {"device-identity update -d p", "device-identity show", "device-twin update -d p",
        "device-twin update -d p --tags []", "device-method invoke -d p",
        "device-method invoke -d p --method-name m --method-payload {", "device-message send -d p",
        "device-message send -d p --data x --props a", "device-message send -d p --data x --expiry-seconds 172801"}) {
    const FakeService service{};
    EXPECT_EQ(run_line(line, service).code, 2) << line;
    EXPECT_TRUE(service.requests().empty()) << line;
  }
}

}  // namespace
}  // namespace muster::cli
