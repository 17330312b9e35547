#include "muster/device_transport.h"

#include <fmt/format.h>

#include "wire/sas_token.h"

namespace muster::cli {

std::string device_token(const DeviceRegistration& device, const Clock& clock) {
  constexpr std::chrono::hours kLife{1};
  if (device.key.empty()) return "";
  const std::string resource = fmt::format("{}/registrations/{}", device.id_scope, device.registration_id);
  return wire::make_sas_token(resource, device.key, clock.now() + kLife, "registration");
}

}  // namespace muster::cli
