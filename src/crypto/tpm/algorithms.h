#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"

namespace muster::crypto::tpm {

/// TPM_ALG_ID (TPM 2.0 part 2 section 6.3), as far as keys name them.
enum AlgorithmId : std::uint16_t {
  kRsa = 0x0001,
  kSha1 = 0x0004,
  kAes = 0x0006,
  kKeyedHash = 0x0008,
  kXor = 0x000A,
  kSha256 = 0x000B,
  kSha384 = 0x000C,
  kSha512 = 0x000D,
  kHmac = 0x0005,
  kNull = 0x0010,
  kRsaes = 0x0015,
  kEcdaa = 0x001A,
  kEcc = 0x0023,
  kSymCipher = 0x0025,
  kCfb = 0x0043,
};

/// TPM_ECC_CURVE (section 6.4).
enum CurveId : std::uint16_t { kP256 = 0x0003, kP384 = 0x0004, kP521 = 0x0005 };

/// TPMA_OBJECT (section 8.3).
enum ObjectAttribute : std::uint32_t {
  kFixedTpm = 1U << 1,
  kStClear = 1U << 2,
  kFixedParent = 1U << 4,
  kSensitiveDataOrigin = 1U << 5,
  kUserWithAuth = 1U << 6,
  kAdminWithPolicy = 1U << 7,
  kNoDictionaryAttack = 1U << 10,
  kEncryptedDuplication = 1U << 11,
  kRestricted = 1U << 16,
  kDecrypt = 1U << 17,
  kSign = 1U << 18,
  kX509Sign = 1U << 19,
};

/// "SHA-256"; "0x1234" for what has no name here.
std::string algorithm_name(std::uint16_t algorithm);
/// "P-256"; "0x0010" for what has no name here.
std::string curve_name(std::uint16_t curve);

/// The hash algorithms that keys may have for their names and derivations here.
enum class Hash : std::uint16_t { kSha256 = tpm::kSha256, kSha384 = tpm::kSha384 };

std::optional<Hash> hash_of(std::uint16_t algorithm);
/// In octets.
std::size_t digest_size(Hash hash);
Bytes digest(Hash hash, ByteView data);
Bytes hmac(Hash hash, ByteView key, ByteView data);

/// AES in CFB128 mode with a zero IV, which is how a TPM protects what leaves it (part 1 section 22 and 23). The key
/// has 16 or 32 octets; anything else is a broken invariant.
Bytes encrypt_cfb(const SecretBytes& key, ByteView plain);

}  // namespace muster::crypto::tpm
