#include "crypto/issue.h"

#include <ctime>

#include "crypto/issue_extensions.h"
#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

constexpr std::size_t kMaxCommonName = 64;  // ub-common-name, RFC 5280 appendix A.1
constexpr std::size_t kSerialSize = 16;

Result<void> check_request(const CertificateRequest& request, const PrivateKey& subject_key, const Issuer& issuer) {
  if (request.common_name.empty() || request.common_name.size() > kMaxCommonName) {
    return invalid("A certificate needs a common name of 1 to 64 octets.");
  }
  if (request.not_after <= request.not_before) return invalid("The certificate would end before it begins.");
  if (issuer.certificate == nullptr) {
    if (EVP_PKEY_eq(issuer.key.native(), subject_key.native()) == 1) return {};
    return invalid("A self-signed certificate is signed with its own key.");
  }
  const EVP_PKEY* certified = X509_get0_pubkey(issuer.certificate->native());
  if (certified == nullptr || EVP_PKEY_eq(certified, issuer.key.native()) != 1) {
    return invalid("The issuer's key does not belong to the issuer's certificate.");
  }
  return {};
}

void set_serial_number(X509* certificate, Random& random) {
  Bytes octets = random.bytes(kSerialSize);
  // Positive, and of the same length always (RFC 5280 section 4.1.2.2).
  octets[0] = static_cast<std::uint8_t>((octets[0] & 0x7f) | 0x40);
  const BignumPtr number(BN_bin2bn(octets.data(), int_size(octets.size()), nullptr));
  require(number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "no memory for a serial number");
}

Result<void> set_names(X509* certificate, const X509* issuer, const CertificateRequest& request) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const ByteView name = as_bytes(request.common_name);
  if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, name.data(), int_size(name.size()), -1, 0) !=
      1) {
    return invalid("The common name is not UTF-8 text.", last_openssl_reason());
  }
  require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)), "no memory for a name");
  return {};
}

Result<void> set_period(X509* certificate, const CertificateRequest& request) {
  const auto set = [](ASN1_TIME* time, TimePoint value) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(value).time_since_epoch().count();
    return ASN1_TIME_set(time, seconds) != nullptr;
  };
  if (set(X509_getm_notBefore(certificate), request.not_before) &&
      set(X509_getm_notAfter(certificate), request.not_after)) {
    return {};
  }
  return invalid("The certificate's validity period is outside the years 0 to 9999.");
}

const EVP_MD* signature_digest(const EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();  // RFC 8410: no digest of its own
}

Result<Certificate> read_back(X509* certificate) {
  // Parsed anew, so that the object is one that nobody has changed.
  Bytes der(static_cast<std::size_t>(i2d_X509(certificate, nullptr)));
  std::uint8_t* out = der.data();
  i2d_X509(certificate, &out);
  return Certificate::from_der(der);
}

}  // namespace

Result<Certificate> issue_certificate(const CertificateRequest& request, const PrivateKey& subject_key,
                                      const Issuer& issuer, Random& random) {
  const ErrorQueueGuard guard;
  if (auto checked = check_request(request, subject_key, issuer); !checked) return std::unexpected(checked.error());
  const X509Ptr made(X509_new());
  require(made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1, "no memory for a certificate");
  set_serial_number(made.get(), random);
  const X509* signer = issuer.certificate == nullptr ? made.get() : issuer.certificate->native();
  if (auto set = set_names(made.get(), signer, request); !set) return std::unexpected(set.error());
  if (auto set = set_period(made.get(), request); !set) return std::unexpected(set.error());
  require(X509_set_pubkey(made.get(), subject_key.native()), "a public key cannot be set");
  if (auto added = add_extensions(made.get(), signer, request); !added) return std::unexpected(added.error());
  if (X509_sign(made.get(), issuer.key.native(), signature_digest(issuer.key.native())) <= 0) {
    return fail(ErrorCode::kInternal, "The certificate cannot be signed.", last_openssl_reason());
  }
  return read_back(made.get());
}

}  // namespace muster::crypto
