#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/certificate.h"

namespace muster::cli {

/// Largest key, certificate or other small file that an option may name, in octets.
inline constexpr std::size_t kMaxFileSize = 1024UL * 1024;

/// The content of a file; "-" reads standard input. kInvalidArgument with the path when it cannot be read or is larger
/// than `limit` octets.
Result<std::string> read_file(const std::string& path, std::size_t limit = kMaxFileSize);

/// What stands in a file without the ends of lines behind it, which editors add.
Result<SecretBytes> read_secret_file(const std::string& path);

/// The first certificate of a PEM, base64 or DER file. Only what is parsed here is ever sent, so a private key that
/// stands in the same file stays on this machine.
Result<crypto::Certificate> read_certificate_file(const std::string& path);

}  // namespace muster::cli
