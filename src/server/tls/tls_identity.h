#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"

namespace muster::server {

/// What the server proves itself with: PEM texts, not files, so that keys may come from anywhere.
struct TlsIdentity {
  std::string chain_pem;  ///< the server's certificate first, then each issuer in turn; the root may be left out
  SecretBytes key_pem;    ///< PKCS#8 or traditional, not encrypted
};

/// One sentence for each certificate that is outside its validity period at `now`. Such an identity is used
/// all the same: a device with a wrong clock or a pinned certificate is better served than not.
std::vector<std::string> validity_warnings(std::span<const TlsIdentity> identities, TimePoint now);

}  // namespace muster::server
