#pragma once

#include "crypto/tpm/parent_key.h"

namespace muster::crypto::tpm {

/// An HMAC-SHA256 key made outside of a TPM, in the form in which one imports it (device-api.md 5.6 A to D).
class HmacKeyObject {
 public:
  /// `key`: 16 to 64 octets.
  HmacKeyObject(SecretBytes key, Random& random);

  /// TPM2B_PUBLIC. Its policy is empty: nothing lets a TPM duplicate the key to anywhere.
  [[nodiscard]] const Bytes& public_area() const { return public_area_; }
  [[nodiscard]] const Bytes& name() const { return name_; }

  /// TPM2B_SENSITIVE.
  [[nodiscard]] SecretBytes sensitive_area() const;
  /// The sensitive area behind its digest, under an inner wrap key (part 1 section 23.3.2.2).
  [[nodiscard]] Bytes inner_wrap(const SecretBytes& wrap_key) const;

 private:
  SecretBytes key_;
  SecretBytes obfuscation_;  ///< the seedValue, so that the public digest tells nothing of the key
  Bytes public_area_;
  Bytes name_;
};

/// What TPM2_Import takes.
struct Duplicate {
  Bytes duplicate;       ///< TPM2B_PRIVATE
  Bytes encrypted_seed;  ///< TPM2B_ENCRYPTED_SECRET
};

/// The object wrapped twice: inside under `wrap_key` (16 octets: AES-128), outside for the storage root key.
Duplicate make_duplicate(const HmacKeyObject& object, const ParentKey& storage_root_key, const SecretBytes& wrap_key,
                         Random& random);

}  // namespace muster::crypto::tpm
