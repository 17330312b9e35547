#include "server/mqtt/refused_connects.h"

#include <fmt/format.h>

#include "base/text.h"
#include "server/net/connection_limiter.h"

namespace muster::server::mqtt {

namespace {

/// Of an address, a host name and a device id there can be (128 characters, hub-api.md 1.3); what is longer is nobody,
/// and takes no room.
constexpr std::size_t kLongestKey = 512;

}  // namespace

RefusedConnects::Claim RefusedConnects::claim_of(const Result<wire::HubIdentity>& identity,
                                                 const std::string& peer_address) {
  Claim claim{.device = "", .network = peer_network(peer_address)};
  if (!identity) return claim;
  // None of the parts has a slash, so no two devices have one key.
  claim.device = fmt::format("{}/{}/{}", claim.network, to_lower(identity->hub), identity->device_id);
  if (claim.device.size() > kLongestKey) claim.device.clear();
  return claim;
}

std::optional<Throttle> RefusedConnects::look(const Claim& claim) {
  if (const auto throttle = addresses_.look(claim.network)) return throttle;
  return claim.device.empty() ? std::nullopt : devices_.look(claim.device);
}

void RefusedConnects::note(const Claim& claim) {
  addresses_.admit(claim.network);
  if (!claim.device.empty()) devices_.admit(claim.device);
}

}  // namespace muster::server::mqtt
