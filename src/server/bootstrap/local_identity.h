#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/sealing.h"
#include "server/tls/tls_identity.h"

namespace muster::server {

/// What local identities are made of; everything outlives the call.
struct LocalIdentityParts {
  std::filesystem::path folder;    ///< where certificates and sealed keys are kept
  std::vector<std::string> names;  ///< host names and IP addresses that the server's certificates are to carry
  const crypto::Sealer& sealer;
  const Clock& clock;
  Random& random;
};

/// The file that devices trust: the local CA's certificate.
std::filesystem::path local_ca_file(const std::filesystem::path& folder);

/// The server's own certificates, ECDSA and RSA, from a CA that this installation makes at its first start
/// (device-api.md 2.1: some embedded stacks know only RSA). A certificate is made anew when it is missing, lacks one of
/// the names or has less than a quarter of its life left; the CA stays for as long as it is valid, because devices
/// carry it. Private keys are kept sealed.
Result<std::vector<TlsIdentity>> load_or_create_local_identities(const LocalIdentityParts& parts);

}  // namespace muster::server
