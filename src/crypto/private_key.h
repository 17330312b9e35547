#pragma once

#include <memory>
#include <string>

#include <openssl/types.h>

#include "base/bytes.h"
#include "base/result.h"

namespace muster::crypto {

struct KeyFree {
  void operator()(EVP_PKEY* key) const;
};

/// A private key in memory. Movable, single owner; OpenSSL wipes it.
class PrivateKey {
 public:
  static Result<PrivateKey> generate_p256();
  static Result<PrivateKey> generate_rsa(int bits);
  /// PEM, PKCS#8 or traditional, not encrypted.
  static Result<PrivateKey> from_pem(std::string_view pem);

  /// PKCS#8 PEM; the text is a secret, wipe() it after use.
  [[nodiscard]] Result<std::string> to_pem() const;
  [[nodiscard]] EVP_PKEY* native() const { return key_.get(); }

 private:
  explicit PrivateKey(EVP_PKEY* key) : key_(key) {}

  std::unique_ptr<EVP_PKEY, KeyFree> key_;
};

}  // namespace muster::crypto
