#pragma once

#include <string>
#include <vector>

#include "crypto/digest.h"
#include "muster/device_tpm.h"

namespace muster::cli {

inline std::string base64_of(const SecretBytes& key) {
  return to_base64(key.reveal());
}

/// For tests: a TPM in memory, whose activation blobs are the keys themselves.
class KeyInMemory final : public ActivatedKey {
 public:
  Result<void> activate(ByteView blob) override {
    if (refuses) return invalid("It was made for another TPM.");
    active = SecretBytes(blob);
    return {};
  }
  [[nodiscard]] bool is_active() const override { return !active.empty(); }
  Result<Bytes> sign(ByteView text) override {
    const auto digest = crypto::hmac_sha256(active.reveal(), text);
    return Bytes(digest.begin(), digest.end());
  }
  Result<void> keep() override {
    kept.push_back(base64_of(active));
    return {};
  }

  bool refuses = false;
  SecretBytes active;
  std::vector<std::string> kept;
};

}  // namespace muster::cli
