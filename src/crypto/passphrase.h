#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/secret.h"

namespace muster::crypto {

/// What one guess at a passphrase costs (scrypt, RFC 7914): 128 MiB of memory, about half a second.
struct ScryptCost {
  std::uint64_t n = std::uint64_t{1} << 17U;
  std::uint64_t r = 8;
  std::uint64_t p = 1;

  bool operator==(const ScryptCost&) const = default;
};

/// A key of Sealer::kKeySize octets. kInvalidArgument for costs that scrypt does not know or that would take more than
/// a gigabyte: they may come from a file that someone else wrote.
Result<SecretBytes> key_from_passphrase(const SecretBytes& passphrase, ByteView salt, const ScryptCost& cost);

}  // namespace muster::crypto
