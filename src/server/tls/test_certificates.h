#pragma once

// For tests only: keys and certificates, made once per process where they are dear.
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crypto/issue.h"
#include "server/tls/tls_identity.h"

namespace muster::server::test {

inline constexpr TimePoint kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 15);

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message + " " + result.error().detail);
  return std::move(*result);
}

struct Credential {
  crypto::PrivateKey key;
  std::vector<crypto::Certificate> chain;  ///< own certificate first

  [[nodiscard]] std::string chain_pem() const {
    std::string pem;
    for (const crypto::Certificate& certificate : chain) pem += certificate.to_pem();
    return pem;
  }
  [[nodiscard]] TlsIdentity identity() const { return {chain_pem(), SecretBytes(as_bytes(must(key.to_pem())))}; }
};

struct Validity {
  TimePoint from = kNow - std::chrono::days(10);
  TimePoint until = kNow + std::chrono::days(10);
};

inline Credential self_signed(std::string name, crypto::CertificateUse use, crypto::PrivateKey key,
                              Validity validity = {}) {
  SequenceRandom random(name.size());
  const crypto::CertificateRequest request{std::move(name), use, {}, {}, validity.from, validity.until};
  auto certificate = must(crypto::issue_certificate(request, key, {key, nullptr}, random));
  return {std::move(key), {std::move(certificate)}};
}

inline Credential issued(std::string name, crypto::CertificateUse use, const Credential& issuer) {
  SequenceRandom random(name.size() + 100);
  auto key = must(crypto::PrivateKey::generate_p256());
  const crypto::CertificateRequest request{std::move(name), use, {}, {}, Validity().from, Validity().until};
  std::vector<crypto::Certificate> chain;
  chain.push_back(must(crypto::issue_certificate(request, key, {issuer.key, &issuer.chain.front()}, random)));
  chain.insert(chain.end(), issuer.chain.begin(), issuer.chain.end());
  return {std::move(key), std::move(chain)};
}

inline const Credential& ecdsa_server() {
  static const Credential made =
      self_signed("ecdsa.example", crypto::CertificateUse::kServer, must(crypto::PrivateKey::generate_p256()));
  return made;
}

inline const Credential& rsa_server() {
  static const Credential made =
      self_signed("rsa.example", crypto::CertificateUse::kServer, must(crypto::PrivateKey::generate_rsa(2048)));
  return made;
}

}  // namespace muster::server::test
