#include "server/tls/served_certificates.h"

#include <algorithm>
#include <utility>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/certificate.h"

namespace muster::server {
namespace {

std::string key_type(const crypto::Certificate& certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate.native());
  switch (key == nullptr ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
      return "ecdsa";
    case EVP_PKEY_RSA:
      return "rsa";
    default:
      return "other";
  }
}

}  // namespace

void ServedCertificates::set(std::span<const TlsIdentity> identities) {
  std::vector<ServedCertificate> read;
  for (const TlsIdentity& identity : identities) {
    const auto chain = crypto::Certificate::chain_from_pem(identity.chain_pem);
    if (!chain) continue;  // TlsContext::create says what is wrong with it
    const crypto::Certificate& leaf = chain->front();
    ServedCertificate served{leaf.common_name(), key_type(leaf), leaf.not_before(), leaf.not_after()};
    for (const crypto::Certificate& certificate : *chain) {
      served.not_before = std::max(served.not_before, certificate.not_before());
      served.not_after = std::min(served.not_after, certificate.not_after());
    }
    read.push_back(std::move(served));
  }
  const std::scoped_lock lock(mutex_);
  certificates_ = std::move(read);
}

std::vector<ServedCertificate> ServedCertificates::all() const {
  const std::scoped_lock lock(mutex_);
  return certificates_;
}

}  // namespace muster::server
