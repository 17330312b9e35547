#include "muster/device_registration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// device-api.md 4.3, test vector of the documentation.
constexpr const char* kGroupKey =
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
constexpr const char* kGroupDevice = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6";

TEST(DeviceOptions, AGroupKeyGivesTheDeviceItsOwn) {
  DeviceOptions options;
  options.registration_id = kGroupDevice;
  options.group_key = kGroupKey;
  const auto device = read_device_registration(options);
  ASSERT_TRUE(device);
  EXPECT_EQ(device->attestation, DeviceAttestation::kSymmetricKeyGroup);
  EXPECT_EQ(to_base64(device->key.reveal()), "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=");
}

TEST(DeviceOptions, MissingAndContradictingAttestationIsRefusedWithoutShowingKeys) {
  struct Case {
    DeviceOptions options;
    const char* message;
  };
  const Case cases[] = {
      {{.registration_id = "d"}, "--symmetric-key"},
      {{.registration_id = "d", .symmetric_key = "c2VjcmV0", .group_key = "c2VjcmV0"}, "Give one of"},
      {{.registration_id = "d", .symmetric_key = "c2VjcmV0!"}, "--symmetric-key is not base64"},
      {{.registration_id = "d", .group_key = "c2VjcmV0!"}, "--group-key is not base64"},
      {{.symmetric_key = "c2VjcmV0"}, "--registration-id is required"},
      {{.registration_id = "d", .certificate = "c.pem"}, "go together"},
      {{.certificate = "/nonexistent/c.pem", .private_key = "c.key"}, "/nonexistent/c.pem"},
      {{.registration_id = "d", .symmetric_key = "c2VjcmV0", .payload = "{"}, "--payload must be JSON"},
      {{.symmetric_key = "c2VjcmV0", .attestation = "tpm"}, "Give one of"},
      {{.transport = "mqtt", .attestation = "tpm"}, "over MQTT"},
  };
  for (const auto& [options, message] : cases) {
    const auto device = read_device_registration(options);
    ASSERT_FALSE(device) << message;
    EXPECT_THAT(device.error().message, HasSubstr(message));
    EXPECT_THAT(device.error().message, Not(HasSubstr("c2VjcmV0")));
  }
}

TEST(DeviceOptions, ATpmGivesTheRegistrationIdByItsEndorsementKey) {
  // device-api.md 5.6: its template, and a modulus of c0, 254 times 5a, and 01.
  Bytes modulus(256, 0x5A);
  modulus.front() = 0xC0;
  modulus.back() = 0x01;
  const std::string key =
      "013a0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"
      "00060080004300100800000000000100" +
      hex_lower(modulus);
  DeviceOptions options;
  options.attestation = "tpm";
  options.tpm_keys = TpmPublicKeys{.endorsement_key = to_base64(*from_hex(key)), .storage_root_key = "ARoA"};
  const auto device = read_device_registration(options);
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->attestation, DeviceAttestation::kTpm);
  EXPECT_EQ(device->registration_id, "2shayesnczhxh3ijz5gylqshpm6yegfvifwdnz366vtyvni42iea");
  EXPECT_EQ(device->tpm->storage_root_key, "ARoA");
  options.registration_id = "own";
  EXPECT_EQ(read_device_registration(options)->registration_id, "own");
}

TEST(DeviceOutcome, IsPrintedWithWhatIsKnown) {
  DeviceRegistration device;
  device.registration_id = "dev-1";
  DeviceOutcome outcome{.status = "refused", .error_code = "401002", .tracking_id = "5d6f", .message = "Unauthorized"};
  outcome.duration = std::chrono::milliseconds(12);
  EXPECT_EQ(outcome_json(device, outcome), (boost::json::object{{"transport", "http"},
                                                                {"attestation", "x509"},
                                                                {"registrationId", "dev-1"},
                                                                {"status", "refused"},
                                                                {"errorCode", "401002"},
                                                                {"trackingId", "5d6f"},
                                                                {"message", "Unauthorized"},
                                                                {"milliseconds", 12}}));
}

}  // namespace
}  // namespace muster::cli
