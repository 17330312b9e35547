#include "crypto/passphrase.h"

#include <utility>

#include <openssl/evp.h>

#include "crypto/openssl.h"
#include "crypto/sealing.h"

namespace muster::crypto {
namespace {

constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 30U;  // octets
constexpr std::uint64_t kMostParallel = 16;                     // multiplies the time without taking memory

}  // namespace

Result<SecretBytes> key_from_passphrase(const SecretBytes& passphrase, ByteView salt, const ScryptCost& cost) {
  const ErrorQueueGuard guard;
  Bytes key(Sealer::kKeySize);
  const std::string_view text = as_text(passphrase.reveal());
  if (cost.p > kMostParallel || EVP_PBE_scrypt(text.data(), text.size(), salt.data(), salt.size(), cost.n, cost.r,
                                               cost.p, kMostMemory, key.data(), key.size()) != 1) {
    return invalid("The passphrase cannot be turned into a key.", last_openssl_reason());
  }
  return SecretBytes(std::move(key));
}

}  // namespace muster::crypto
