#pragma once

#include <vector>

#include "crypto/path_search.h"
#include "crypto/path_validation.h"

namespace muster::crypto {

/// Faults of each certificate of a path, in the order of the path.
using PathFaults = std::vector<std::vector<CertificateFault>>;

/// Lets OpenSSL verify exactly this path (RFC 5280 section 6.1): signatures, critical extensions, path lengths, name
/// constraints. Dates, keys and what a CA must be are judged elsewhere. All faults are collected, not only the first.
/// A path that ends at no anchor is verified as far as it goes.
PathFaults verify_path(const Path& path);

}  // namespace muster::crypto
