#pragma once

#include <cstddef>

#include "server/api/api_call.h"
#include "server/api/rate_limiter.h"

namespace muster::server {

/// What one call may carry, and how many calls may come (R-200 to R-202, service-api.md 7.3). Rates are off unless they
/// protect the service itself. How many things there may be is in store/row_limits.h.
struct ServiceLimits {
  std::size_t message_bytes = 96 * 1024;            ///< body of a device's request
  std::size_t bulk_items = 10;                      ///< entries in a bulk call (service-api.md 3.8)
  std::size_t linked_hubs = 1000;                   ///< of an instance
  Rate operations{0, std::chrono::seconds(60)};     ///< calls of the service API, for each instance
  Rate registrations{0, std::chrono::seconds(60)};  ///< register calls that are accepted, for each instance
  Rate device_polls{0, std::chrono::seconds(10)};   ///< polls and look-ups of one device (R-202)
  /// Register calls of one device: far more than any SDK makes, so that only a device in a loop is slowed (design
  /// section 6).
  Rate device_registrations{120, std::chrono::seconds(60)};
  Rate tpm_challenges{60, std::chrono::seconds(60)};  ///< of one device, wherever it calls from (device-api.md 5.3)

  bool operator==(const ServiceLimits&) const = default;
};

/// 429 with Retry-After (service-api.md 7.2).
ApiError throttled(const Throttle& throttle);

}  // namespace muster::server
