#include "muster/device_tpm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "muster/device_http.h"
#include "muster/fake_activated_key.h"
#include "muster/fake_service.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The blobs of the fake service are the keys themselves.
const SecretBytes kRegistrationKey{as_bytes("key of the registration")};
const SecretBytes kHubKey{as_bytes("key of the hub")};

HttpResponse challenge(const SecretBytes& key = kRegistrationKey) {
  return {.status = 401,
          .body = R"({"message":"Authorization required","keyName":"registration","authenticationKey":")" +
                  base64_of(key) + R"("})"};
}

HttpResponse assigned() {
  return {.status = 200,
          .body = R"({"operationId":"5.1","status":"assigned","registrationState":{"assignedHub":"h","deviceId":"d",
                      "tpm":{"authenticationKey":")" +
                  base64_of(kHubKey) + R"("}}})"};
}

const HttpResponse kAssigning{.status = 202, .body = R"({"operationId":"5.1","status":"assigning"})"};
const HttpResponse kUnauthorized{.status = 401, .body = R"({"errorCode":401002,"message":"Unauthorized"})"};

/// A device with a clock that sleeping moves on.
struct Bench {
  Result<DeviceOutcome> run(const FakeService& service) {
    device.host = "dps.example.net";
    device.id_scope = "0ne1";
    device.registration_id = "dev:1";
    device.attestation = DeviceAttestation::kTpm;
    device.tpm = TpmPublicKeys{.endorsement_key = "AToA", .storage_root_key = "ARoA"};
    auto http = std::make_unique<HttpDevice>(device, service.send(), [this] { return tpm_token(device, key, clock); });
    TpmDevice transport(std::move(http), key);
    return register_device(device, transport, clock, [this](std::chrono::milliseconds pause) { clock.advance(pause); });
  }

  DeviceRegistration device = {};
  KeyInMemory key;
  ManualClock clock{from_micros(1'800'000'000'000'000)};
};

/// Whether a request has a token of that key.
bool has_token_of(const HttpRequest& request, const SecretBytes& key) {
  const auto token = wire::parse_sas_token(header_of(request, "Authorization"));
  return token && token->resource == "0ne1/registrations/dev:1" && token->key_name == "registration" &&
         wire::signed_by(*token, key);
}

TEST(DeviceWithTpm, RegistersWithTheKeyOfTheChallengeAndKeepsTheHubs) {
  const FakeService service{challenge(), kAssigning, assigned()};
  Bench bench;
  const auto outcome = bench.run(service);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->status, "assigned");
  ASSERT_EQ(service.requests().size(), 3U);
  EXPECT_EQ(header_of(service.requests()[0], "Authorization"), "");
  EXPECT_EQ(service.requests()[0].body,
            R"({"registrationId":"dev:1","tpm":{"endorsementKey":"AToA","storageRootKey":"ARoA"}})");
  EXPECT_EQ(service.requests()[1].body, service.requests()[0].body);
  EXPECT_TRUE(has_token_of(service.requests()[1], kRegistrationKey));
  EXPECT_TRUE(has_token_of(service.requests()[2], kRegistrationKey)) << "a poll";
  EXPECT_THAT(bench.key.kept, ElementsAre(base64_of(kHubKey)));
}

TEST(DeviceWithTpm, IsChallengedOnceForARequest) {
  const FakeService service{challenge(), challenge()};
  Bench bench;
  const auto outcome = bench.run(service);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "refused");
  EXPECT_EQ(service.requests().size(), 2U);
  EXPECT_THAT(bench.key.kept, ElementsAre()) << "a failed registration costs no hub key";
}

TEST(DeviceWithTpm, TakesAFreshChallengeWhenTheServiceForgotTheFirst) {
  const FakeService service{challenge(), {.status = 503, .body = "{}"}, challenge(kHubKey), assigned()};
  Bench bench;
  const auto outcome = bench.run(service);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "assigned");
  EXPECT_TRUE(has_token_of(service.requests().at(2), kRegistrationKey));
  EXPECT_TRUE(has_token_of(service.requests().at(3), kHubKey));
}

TEST(DeviceWithTpm, ARefusalWithoutAKeyEndsTheRegistration) {
  const FakeService service{kUnauthorized};
  Bench bench;
  const auto outcome = bench.run(service);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "refused");
  EXPECT_EQ(outcome->error_code, "401002");
}

TEST(DeviceWithTpm, AKeyForAnotherTpmIsAnError) {
  const FakeService service{challenge()};
  Bench bench;
  bench.key.refuses = true;
  const auto outcome = bench.run(service);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("another TPM"));
}

TEST(DeviceWithTpm, AKeyThatIsNotBase64IsAnError) {
  for (const char* body : {R"({"authenticationKey":"?"})", R"({"authenticationKey":7})"}) {
    const FakeService service{{.status = 401, .body = body}};
    EXPECT_FALSE(Bench().run(service)) << body;
  }
}

TEST(DeviceWithTpm, AnAssignmentWithoutAHubKeyKeepsNone) {
  const FakeService service{challenge(), {.status = 200, .body = R"({"operationId":"5.1","status":"failed"})"}};
  Bench bench;
  const auto outcome = bench.run(service);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, "failed");
  EXPECT_THAT(bench.key.kept, ElementsAre());
}

}  // namespace
}  // namespace muster::cli
