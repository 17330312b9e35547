#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "crypto/certificate.h"
#include "crypto/private_key.h"

namespace muster::bench {

/// What one device presents in the handshake: its leaf and the intermediate that issued it.
struct Identity {
  crypto::PrivateKey key;
  crypto::Certificate leaf;
  crypto::Certificate issuer;
};

/// Writes the certificates of a run into `folder`, all P-256: root.pem; intermediate.pem and .key below it; server.pem
/// (with its issuer) and server.key for `host`.
Result<void> write_certificates(const std::filesystem::path& folder, const std::string& host, Random& random);

/// Fresh device identities below the intermediate of `folder`, with these common names.
Result<std::vector<Identity>> make_identities(const std::filesystem::path& folder,
                                              const std::vector<std::string>& common_names, Random& random);

}  // namespace muster::bench
