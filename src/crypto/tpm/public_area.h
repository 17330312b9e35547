#pragma once

#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/tpm/algorithms.h"

namespace muster::crypto::tpm {

/// TPMS_RSA_PARMS with the modulus.
struct RsaPublic {
  std::uint16_t bits = 0;
  std::uint32_t exponent = 0;  ///< 0 stands for 65537
  Bytes modulus;
};

/// TPMS_ECC_PARMS with the point.
struct EccPublic {
  std::uint16_t curve = 0;
  std::uint16_t kdf = kNull;
  Bytes x;
  Bytes y;
};

/// TPMT_SYM_DEF_OBJECT; bits and mode are 0 without an algorithm.
struct SymmetricScheme {
  std::uint16_t algorithm = kNull;
  std::uint16_t bits = 0;
  std::uint16_t mode = 0;

  bool operator==(const SymmetricScheme&) const = default;
};

/// TPMT_PUBLIC of an RSA or ECC key (TPM 2.0 part 2 section 12.2.4), as it was written: what is read here may still be
/// of no use as an endorsement key (`find_problems` tells).
struct PublicArea {
  std::uint16_t name_algorithm = 0;
  std::uint32_t attributes = 0;
  Bytes policy;
  SymmetricScheme symmetric;
  std::uint16_t scheme = kNull;
  std::variant<RsaPublic, EccPublic> key;
  Bytes octets;  ///< the whole TPM2B_PUBLIC: with the two octets of its size

  /// TPMT_PUBLIC: what the Name is made of.
  [[nodiscard]] ByteView without_size() const { return ByteView(octets).subspan(2); }
  [[nodiscard]] bool has(ObjectAttribute attribute) const { return (attributes & attribute) != 0; }
};

/// Reads a TPM2B_PUBLIC: size, structure, and nothing behind it. kInvalidArgument with what is wrong, to be shown to
/// whoever sent it.
Result<PublicArea> parse_public(ByteView tpm2b);
/// The same, and the size in front may be missing (TPMT_PUBLIC): some tools write it so (device-api.md 5.1).
Result<PublicArea> parse_public_with_or_without_size(ByteView octets);

/// Octets of a TPM2B_PUBLIC that one may be large: RSA-4096 with everything that a TPM allows.
inline constexpr std::size_t kMaxPublicSize = 1024;

/// "RSA-2048", "ECC P-256".
std::string key_name(const PublicArea& area);
/// "AES-128-CFB", "none".
std::string symmetric_name(const SymmetricScheme& symmetric);

/// The registration id of a device that was given none: base32 of SHA-256 of its endorsement key's TPM2B_PUBLIC
/// (device-api.md 5.6).
std::string default_registration_id(const PublicArea& endorsement_key);

}  // namespace muster::crypto::tpm
