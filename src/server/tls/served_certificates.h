#pragma once

#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/tls/tls_identity.h"

namespace muster::server {

/// One of the certificates that the listeners show, with the narrowest validity of its chain.
struct ServedCertificate {
  std::string common_name;
  std::string key_type;  ///< "ecdsa", "rsa", "other"
  TimePoint not_before;
  TimePoint not_after;
};

/// The certificates that the listeners show now, for those who watch their dates. Thread-safe.
class ServedCertificates {
 public:
  /// Replaces all; an identity that cannot be read is left out.
  void set(std::span<const TlsIdentity> identities);
  [[nodiscard]] std::vector<ServedCertificate> all() const;

 private:
  mutable std::mutex mutex_;  // protects certificates_
  std::vector<ServedCertificate> certificates_;
};

}  // namespace muster::server
