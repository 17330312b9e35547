#include "load/fleet.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "load/device_script.h"
#include "wire/sas_token.h"

namespace muster::bench {
namespace {

constexpr std::chrono::hours kTokenLife{1};

}  // namespace

Result<std::unique_ptr<Fleet>> Fleet::create(FleetSettings settings) {
  std::unique_ptr<Fleet> fleet(new Fleet(std::move(settings)));
  if (!fleet->settings_.tpms.empty()) {
    auto tpms = read_tpms(fleet->settings_.tpms);
    if (!tpms) return std::unexpected(tpms.error());
    fleet->tpms_ = std::move(*tpms);
  }
  if (fleet->settings_.certificates.empty()) return fleet;
  std::vector<std::string> names;
  names.reserve(fleet->settings_.count);
  for (std::size_t i = 0; i < fleet->settings_.count; ++i) names.push_back(fleet->registration_id(i));
  SystemRandom random;
  auto identities = make_identities(fleet->settings_.certificates, names, random);
  if (!identities) return std::unexpected(identities.error());
  fleet->identities_ = std::move(*identities);
  return fleet;
}

std::unique_ptr<Script> Fleet::make(std::size_t index) {
  std::string id = registration_id(index);
  const Identity* identity = identities_.empty() ? nullptr : &identities_[index];
  DeviceFacts facts{.fleet = *this, .registration_id = id, .identity = identity};
  if (!tpms_.empty()) {
    facts.tpm = tpms_[(settings_.first + index * settings_.stride) % tpms_.size()].get();
  } else if (identity == nullptr) {
    facts.token = token(id, crypto::derive_device_key(settings_.group_key, id));
  }
  switch (settings_.transport) {
    case Transport::kHttps:
      return make_http_device(std::move(facts));
    case Transport::kMqtt:
      return make_mqtt_device(std::move(facts));
    case Transport::kAmqp:
      return make_amqp_device(std::move(facts));
  }
  return nullptr;
}

std::string Fleet::registration_id(std::size_t index) const {
  return fmt::format("{}{}", settings_.prefix, settings_.first + index * settings_.stride);
}

std::string Fleet::token(const std::string& registration_id, const SecretBytes& key) const {
  return wire::make_sas_token(fmt::format("{}/registrations/{}", settings_.id_scope, registration_id), key,
                              SystemClock().now() + kTokenLife, "registration");
}

}  // namespace muster::bench
