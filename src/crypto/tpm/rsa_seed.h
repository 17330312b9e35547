#pragma once

#include <memory>

#include "crypto/tpm/public_area.h"
#include "crypto/tpm/sealed_seed.h"

namespace muster::crypto::tpm {

/// RSAES-OAEP (RFC 8017 section 7.1.1) for one key: of a seed as long as a digest of `hash`, which is the hash of OAEP
/// and MGF1 too; the label is followed by one zero octet (part 1 appendix B.10.3). Own encoding, because OpenSSL's
/// takes its own randomness; there is no private key here that its timing could tell of. Thread-safe.
class RsaSealer {
 public:
  /// The key has passed find_problems().
  explicit RsaSealer(const RsaPublic& key);
  ~RsaSealer();
  RsaSealer(const RsaSealer&) = delete;
  RsaSealer& operator=(const RsaSealer&) = delete;

  [[nodiscard]] SealedSeed seal(Hash hash, std::string_view label, Random& random) const;

 private:
  struct Numbers;
  std::unique_ptr<const Numbers> numbers_;
};

}  // namespace muster::crypto::tpm
