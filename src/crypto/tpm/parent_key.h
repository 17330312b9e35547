#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/tpm/key_template.h"
#include "crypto/tpm/sealed_seed.h"

namespace muster::crypto::tpm {

class RsaSealer;

/// An endorsement or storage root key that a TPM unwraps things with: checked, ready for computing. Cheap to copy but
/// for its octets.
class ParentKey {
 public:
  /// kInvalidArgument with the first reason why it cannot serve; `find_problems` has them all.
  static Result<ParentKey> make(PublicArea area, KeyRole role);
  /// From a TPM2B_PUBLIC as it came over the wire.
  static Result<ParentKey> parse(ByteView tpm2b, KeyRole role);

  [[nodiscard]] const PublicArea& area() const { return area_; }
  /// What TPMs call the key: nameAlg and its digest of the TPMT_PUBLIC (part 1 section 16).
  [[nodiscard]] const Bytes& name() const { return name_; }
  [[nodiscard]] Hash hash() const { return hash_; }
  [[nodiscard]] std::size_t symmetric_bits() const { return area_.symmetric.bits; }

  /// Draws a seed and encrypts it to the key (part 1 appendixes B.10.3 and C.6.3): OAEP, or the shared secret with an
  /// ephemeral key. `label` is "IDENTITY" or "DUPLICATE".
  [[nodiscard]] SealedSeed seal_seed(std::string_view label, Random& random) const;

 private:
  ParentKey(PublicArea area, Hash hash);

  PublicArea area_;
  Hash hash_;
  Bytes name_;
  std::shared_ptr<const RsaSealer> rsa_;  ///< null for another kind of key
};

/// Why the key cannot be used in this role, one sentence each; empty: it can. It must be a key that is bound to its TPM
/// (device-api.md 5.1), or software could pose as one.
std::vector<std::string> find_problems(const PublicArea& area, KeyRole role);

}  // namespace muster::crypto::tpm
