#include "muster/device_client.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "muster/device_http.h"
#include "muster/fake_service.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kAssigning = R"({"operationId":"5.1","status":"assigning"})";
constexpr const char* kAssigned =
    R"({"operationId":"5.1","status":"assigned","registrationState":{"registrationId":"dev-1","assignedHub":"h.example.net",
        "deviceId":"Dev-1","status":"assigned","substatus":"initialAssignment"}})";

/// A device with a manual clock that sleeping moves on.
struct Bench {
  ManualClock clock{from_micros(1'800'000'000'000'000)};
  std::vector<milliseconds> pauses = {};

  Result<DeviceOutcome> run(const FakeService& service, const DeviceRegistration& device) {
    HttpDevice transport(device, service.send(), clock);
    return register_device(device, transport, clock, [this](milliseconds pause) {
      pauses.push_back(pause);
      clock.advance(pause);
    });
  }
};

DeviceRegistration device() {
  DeviceRegistration out;
  out.host = "dps.example.net:8443";
  out.id_scope = "0ne00111111";
  out.registration_id = "dev:1";
  out.attestation = DeviceAttestation::kSymmetricKey;
  out.key = SecretBytes(Bytes(32, 5));
  out.timeout = seconds(20);
  return out;
}

TEST(Device, RegistersAndPollsUntilItIsAssigned) {
  const FakeService service{{.status = 202, .headers = {{"Retry-After", "3"}}, .body = kAssigning},
                            {.status = 202, .headers = {{"retry-after", "1"}}, .body = kAssigning},
                            {.status = 200, .body = kAssigned}};
  Bench bench;
  const auto outcome = bench.run(service, device());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "assigned");
  EXPECT_EQ(outcome->assigned_hub, "h.example.net");
  EXPECT_EQ(outcome->device_id, "Dev-1");
  EXPECT_EQ(outcome->substatus, "initialAssignment");
  EXPECT_EQ(outcome->operation_id, "5.1");
  EXPECT_EQ(outcome->duration, seconds(4));
  EXPECT_EQ(bench.pauses, (std::vector<milliseconds>{seconds(3), seconds(1)}));

  ASSERT_EQ(service.requests().size(), 3U);
  const std::string base = "https://dps.example.net:8443/0ne00111111/registrations/dev%3A1/";
  EXPECT_EQ(service.requests()[0].method, "PUT");
  EXPECT_EQ(service.requests()[0].url, base + "register?api-version=2021-06-01");
  EXPECT_EQ(service.requests()[0].body, R"({"registrationId":"dev:1"})");
  EXPECT_EQ(service.requests()[1].method, "GET");
  EXPECT_EQ(service.requests()[1].url, base + "operations/5.1?api-version=2021-06-01");
}

TEST(Device, ProvesItselfWithATokenForItsOwnRegistration) {
  const FakeService service{{.status = 200, .body = kAssigned}};
  ASSERT_TRUE(Bench().run(service, device()));
  const auto token = wire::parse_sas_token(header_of(service.requests().at(0), "Authorization"));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->resource, "0ne00111111/registrations/dev:1");
  EXPECT_EQ(token->key_name, "registration");
  EXPECT_TRUE(wire::signed_by(*token, SecretBytes(Bytes(32, 5))));
}

TEST(Device, WithACertificateSendsNoToken) {
  const FakeService service{{.status = 200, .body = kAssigned}};
  DeviceRegistration certified = device();
  certified.key = {};
  certified.attestation = DeviceAttestation::kX509;
  certified.payload = boost::json::object{{"model", "pump"}};
  ASSERT_TRUE(Bench().run(service, certified));
  EXPECT_EQ(header_of(service.requests().at(0), "Authorization"), "");
  EXPECT_EQ(service.requests().at(0).body, R"({"registrationId":"dev:1","payload":{"model":"pump"}})");
}

TEST(Device, ARefusalIsAnOutcomeWithItsTrackingId) {
  const FakeService service{
      {.status = 401, .body = R"({"errorCode":401002,"trackingId":"5d6f","message":"Unauthorized"})"}};
  const auto outcome = Bench().run(service, device());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "refused");
  EXPECT_EQ(outcome->error_code, "401002");
  EXPECT_EQ(outcome->tracking_id, "5d6f");
  EXPECT_EQ(outcome->message, "Unauthorized");
  EXPECT_EQ(service.requests().size(), 1U);
}

TEST(Device, AFailedAssignmentSaysWhy) {
  const FakeService service{{.status = 202, .body = kAssigning},
                            {.status = 200, .body = R"({"operationId":"5.1","status":"failed",
                   "registrationState":{"errorCode":400208,"errorMessage":"No hub.","status":"failed"}})"}};
  const auto outcome = Bench().run(service, device());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "failed");
  EXPECT_EQ(outcome->error_code, "400208");
  EXPECT_EQ(outcome->message, "No hub.");
}

TEST(Device, AThrottledRequestIsSentAgain) {
  const FakeService service{{.status = 429, .headers = {{"Retry-After", "7"}}},
                            {.status = 202, .body = kAssigning},
                            {.status = 503},
                            {.status = 200, .body = kAssigned}};
  Bench bench;
  const auto outcome = bench.run(service, device());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "assigned");
  EXPECT_EQ(bench.pauses, (std::vector<milliseconds>{seconds(7), seconds(2), seconds(2)}));
  EXPECT_EQ(service.requests().at(1).method, "PUT");
  EXPECT_EQ(service.requests().at(3).method, "GET");
}

TEST(Device, GivesUpWhenThePauseWouldPassItsTime) {
  const FakeService service{{.status = 202, .headers = {{"Retry-After", "15"}}, .body = kAssigning},
                            {.status = 202, .headers = {{"Retry-After", "15"}}, .body = kAssigning}};
  Bench bench;
  const auto outcome = bench.run(service, device());
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "assigning");
  EXPECT_EQ(outcome->operation_id, "5.1");
  EXPECT_EQ(outcome->message, "No final answer within 20 s.");
  EXPECT_EQ(bench.pauses.size(), 1U);
}

TEST(Device, BadAnswersAreErrors) {
  for (const char* body : {"", "[]", "{", R"({"status":"assigning"})"}) {
    const FakeService service{{.status = 202, .body = body}};
    EXPECT_FALSE(Bench().run(service, device())) << body;
  }
  EXPECT_EQ(Bench().run(FakeService{}, device()).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace muster::cli
