#include "muster/device_transport.h"

#include <fmt/format.h>

namespace muster::cli {

namespace {

constexpr std::chrono::hours kTokenLife{1};
constexpr const char* kKeyName = "registration";

std::string resource_of(const DeviceRegistration& device) {
  return fmt::format("{}/registrations/{}", device.id_scope, device.registration_id);
}

}  // namespace

std::string device_token(const DeviceRegistration& device, const Clock& clock) {
  if (device.key.empty()) return "";
  return wire::make_sas_token(resource_of(device), device.key, clock.now() + kTokenLife, kKeyName);
}

Result<std::string> device_token(const DeviceRegistration& device, const wire::SasSigner& signer, const Clock& clock) {
  return wire::sign_sas_token(resource_of(device), signer, clock.now() + kTokenLife, kKeyName);
}

}  // namespace muster::cli
