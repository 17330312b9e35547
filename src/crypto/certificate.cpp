#include "crypto/certificate.h"

#include <stdexcept>

#include "crypto/certificate_fields.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace muster::crypto {
namespace {

// A certificate whose times cannot be read must look both "not yet valid" and "expired".
constexpr TimePoint kNever = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
constexpr TimePoint kLongAgo = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);

Bytes encode(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size));
  std::uint8_t* out = der.data();
  i2d_X509(certificate, &out);
  return der;
}

}  // namespace

Certificate::Shared::Shared(X509* owned, ByteView der)
    : x509(owned), der_size(der.size()), sha256(crypto::sha256(der)), common_name(read_common_name(owned)) {
}

Certificate::Shared::~Shared() {
  X509_free(x509);
}

Certificate::Certificate(X509* owned, ByteView der) : shared_(std::make_shared<const Shared>(owned, der)) {
}

Result<Certificate> Certificate::from_der(ByteView der) {
  const ErrorQueueGuard guard;
  if (der.size() > kMaxUploadSize) return fail(ErrorCode::kTooLarge, "The certificate is larger than 64 KiB.");
  const std::uint8_t* at = der.data();
  X509Ptr parsed(der.empty() ? nullptr : d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!parsed) return invalid("The data is not an X.509 certificate in DER form.", last_openssl_reason());
  if (at != der.data() + der.size()) {
    return invalid("There are " + std::to_string(der.data() + der.size() - at) +
                   " trailing octets after the certificate.");
  }
  // OpenSSL reads BER too; two encodings of one certificate would have two thumbprints.
  if (!std::ranges::equal(encode(parsed.get()), der)) {
    return invalid("The certificate is not in DER form: its encoding is not the canonical one.");
  }
  return Certificate(parsed.release(), der);
}

Certificate Certificate::share(X509* certificate) {
  if (certificate == nullptr) throw std::invalid_argument("no certificate to share");
  const ErrorQueueGuard guard;
  const Bytes der = encode(certificate);
  if (der.empty()) throw std::runtime_error("a certificate cannot be encoded");
  X509_up_ref(certificate);
  return {certificate, der};
}

Bytes Certificate::der() const {
  const ErrorQueueGuard guard;
  return encode(native());
}

bool Certificate::is_known_signed_by(const Certificate& issuer) const {
  const Signer& signer = shared_->signer;
  return signer.state.load(std::memory_order_acquire) == Signer::State::kKnown && signer.sha256 == issuer.sha256();
}

void Certificate::remember_signer(const Certificate& issuer) const {
  Signer& signer = shared_->signer;
  auto expected = Signer::State::kUnknown;
  if (!signer.state.compare_exchange_strong(expected, Signer::State::kBeingWritten)) return;
  signer.sha256 = issuer.sha256();
  signer.state.store(Signer::State::kKnown, std::memory_order_release);
}

std::string Certificate::thumbprint() const {
  return hex_upper(sha256());
}

std::string Certificate::to_pem() const {
  return crypto::to_pem("CERTIFICATE", der());
}

bool Certificate::is_self_issued() const {
  return X509_NAME_cmp(X509_get_subject_name(native()), X509_get_issuer_name(native())) == 0;
}

TimePoint Certificate::not_before() const {
  return read_time(X509_get0_notBefore(native())).value_or(kNever);
}

TimePoint Certificate::not_after() const {
  return read_time(X509_get0_notAfter(native())).value_or(kLongAgo);
}

}  // namespace muster::crypto
