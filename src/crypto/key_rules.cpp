#include "crypto/key_rules.h"

#include <string>

#include <openssl/objects.h>

#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

// A check with a larger key takes milliseconds, and a peer may send several.
constexpr int kMaxRsaBits = 8192;
// Below 112 bits: MD5, SHA-1 (NIST SP 800-131A).
constexpr int kMinDigestBits = 112;

CertificateFault unsupported_key(std::string what) {
  return {"unsupported-key", std::move(what) + "; RSA, P-256, P-384 and P-521 keys are supported"};
}

std::optional<CertificateFault> judge_rsa(const EVP_PKEY* key, const PathRestrictions& restrictions) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < restrictions.min_rsa_bits) {
    return CertificateFault{"weak-key", "RSA key of " + std::to_string(bits) + " bits, at least " +
                                            std::to_string(restrictions.min_rsa_bits) + " needed"};
  }
  if (bits > kMaxRsaBits) {
    return CertificateFault{"unsupported-key", "RSA key of " + std::to_string(bits) + " bits, at most " +
                                                   std::to_string(kMaxRsaBits) + " supported"};
  }
  return std::nullopt;
}

/// Read from the certificate: asked of the decoded key, OpenSSL goes through all its tables of parameters.
std::optional<CertificateFault> judge_ec(const Certificate& certificate) {
  X509_ALGOR* algorithm = nullptr;
  int kind = V_ASN1_UNDEF;
  const void* value = nullptr;
  if (X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &algorithm, X509_get_X509_PUBKEY(certificate.native())) == 1) {
    X509_ALGOR_get0(nullptr, &kind, &value, algorithm);
  }
  // RFC 5480 section 2.1.1: parameters spelled out are not allowed; they can hide a weak generator.
  if (kind != V_ASN1_OBJECT) return unsupported_key("elliptic curve key whose curve is not given by name");
  const int curve = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(value));
  if (curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1) return std::nullopt;
  if (curve == NID_undef) return unsupported_key("elliptic curve key with an unknown curve");
  return unsupported_key(std::string("elliptic curve key on ") + OBJ_nid2sn(curve));
}

const EVP_PKEY* public_key(const Certificate& certificate) {
  return X509_get0_pubkey(certificate.native());
}

}  // namespace

std::optional<CertificateFault> judge_key(const Certificate& certificate, const PathRestrictions& restrictions) {
  const ErrorQueueGuard guard;
  const EVP_PKEY* key = public_key(certificate);
  if (key == nullptr) return unsupported_key("the public key cannot be read");
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return judge_rsa(key, restrictions);
    case EVP_PKEY_EC:
      return judge_ec(certificate);
    case EVP_PKEY_ED25519:
      if (restrictions.allow_ed25519) return std::nullopt;
      return unsupported_key("Ed25519 key, which this service is not set to accept");
    default: {
      const char* name = OBJ_nid2sn(EVP_PKEY_get_base_id(key));
      return unsupported_key(std::string("key of type ") + (name == nullptr ? "unknown" : name));
    }
  }
}

std::optional<CertificateFault> judge_signature_algorithm(const Certificate& certificate) {
  const ErrorQueueGuard guard;
  int digest = NID_undef;
  int bits = 0;
  const char* name = OBJ_nid2ln(X509_get_signature_nid(certificate.native()));
  const std::string algorithm = name == nullptr ? "unknown" : name;
  if (X509_get_signature_info(certificate.native(), &digest, nullptr, &bits, nullptr) != 1) {
    return CertificateFault{"unsupported-signature", "signature algorithm " + algorithm};
  }
  if (bits < kMinDigestBits) {
    return CertificateFault{"weak-signature", "signed with " + algorithm + " (" + std::to_string(bits) +
                                                  " bits of security), at least SHA-256 needed"};
  }
  return std::nullopt;
}

bool can_verify_with(const Certificate& issuer) {
  const EVP_PKEY* key = public_key(issuer);
  if (key == nullptr) return false;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return EVP_PKEY_get_bits(key) <= kMaxRsaBits;
    case EVP_PKEY_EC:
    case EVP_PKEY_ED25519:
      return true;
    default:
      return false;
  }
}

}  // namespace muster::crypto
