#pragma once

#include <filesystem>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace muster::crypto {

/// Seals secrets for storage with AES-256-GCM under one master key (design section 4).
///
/// Sealed form: version octet 1 | 12-octet random nonce | ciphertext | 16-octet tag. `context` names the row and
/// column; it is authenticated, so a sealed value copied to another row does not open. Thread-safe.
class Sealer {
 public:
  static constexpr std::size_t kKeySize = 32;

  /// `key` must hold kKeySize octets; `random` outlives the sealer.
  Sealer(SecretBytes key, Random& random);

  [[nodiscard]] Bytes seal(const SecretBytes& secret, std::string_view context) const;
  /// kInternal when the value is damaged, from another key or another context.
  [[nodiscard]] Result<SecretBytes> open(ByteView sealed, std::string_view context) const;

 private:
  SecretBytes key_;
  Random& random_;
  std::uint64_t id_;  ///< never used twice in a process, unlike an address
};

/// Reads the master key from a file of kKeySize octets. kNotFound when there is none; kInternal as below.
Result<SecretBytes> load_master_key(const std::filesystem::path& path);

/// The same, or makes the file (mode 0600, durable) when it is missing.
/// kInternal with the path in the message when it cannot be read, has another size or is open to group or others.
Result<SecretBytes> load_or_create_master_key(const std::filesystem::path& path, Random& random);

}  // namespace muster::crypto
