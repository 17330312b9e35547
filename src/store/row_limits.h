#pragma once

#include <cstddef>

namespace muster::store {

/// How many rows of a kind an instance may have (R-200, service-api.md 7.3); 0: any number. A change that would go
/// beyond is kLimitExceeded; what is there already stays, can be changed and counts.
struct RowLimits {
  std::size_t enrollments = 0;  ///< individual ones
  std::size_t x509_groups = 0;
  std::size_t symmetric_key_groups = 0;
  std::size_t registrations = 0;  ///< records; those of deleted groups count (R-201)
  std::size_t ca_certificates = 25;

  bool operator==(const RowLimits&) const = default;
};

}  // namespace muster::store
