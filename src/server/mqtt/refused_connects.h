#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/api/rate_limiter.h"
#include "wire/hub_identity.h"

namespace muster::server::mqtt {

/// How often clients of a hub may be refused before the next ones are turned away unlooked at.
struct RefusedConnectLimits {
  /// One device at one address. Far from what SDKs do, so that a device hears why it is refused, which tells it to
  /// register again (hub-api.md 2.3): the most eager of them tries nine times in a minute.
  Rate device{30, std::chrono::seconds(60)};
  /// One address, whoever it says it is; a whole plant may share it.
  Rate address{1200, std::chrono::seconds(60)};

  bool operator==(const RefusedConnectLimits&) const = default;
};

/// Remembers who was refused lately, and from where: a handshake has been paid for when a client tells who it is, but
/// looking for the device and judging its proof has not (hub-api.md 2.4). Refusals count for the device at the address
/// that they came from, so nobody elsewhere can lock a device out, and for that address. Who was let in leaves no
/// trace. Memory is bounded; thread-safe. The clock outlives it.
class RefusedConnects {
 public:
  RefusedConnects(const RefusedConnectLimits& limits, const Clock& clock)
      : devices_(limits.device, Waiting::kAlone, clock), addresses_(limits.address, Waiting::kAlone, clock) {}

  /// What a client says before it has proved anything.
  struct Claim {
    std::string device;   ///< with its hub and the address; empty: it named none
    std::string network;  ///< that counts as one peer
  };
  static Claim claim_of(const Result<wire::HubIdentity>& identity, const std::string& peer_address);

  /// Nothing: the client may prove itself.
  std::optional<Throttle> look(const Claim& claim);
  void note(const Claim& claim);

 private:
  RateLimiter devices_;
  RateLimiter addresses_;
};

}  // namespace muster::server::mqtt
