#pragma once

#include <mutex>

#include "base/recent_map.h"
#include "crypto/certificate.h"

namespace muster::crypto {

/// Gives one object for a certificate that many peers present: the issuers of their leaves. What is found out about it,
/// above all whose key signed it, then stands for all of them. Keeps a bounded number of those seen lately.
/// Thread-safe.
class CertificatePool {
 public:
  /// As Certificate::share, but of equal certificates the first one.
  Certificate share(X509* certificate);

 private:
  static constexpr std::size_t kMostKept = 256;
  std::mutex mutex_;  // protects kept_
  RecentMap<Certificate> kept_{kMostKept};
};

}  // namespace muster::crypto
