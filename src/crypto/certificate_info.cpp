#include "crypto/certificate.h"
#include "crypto/certificate_fields.h"
#include "crypto/openssl.h"

namespace muster::crypto {

Result<CertificateInfo> Certificate::info() const {
  const ErrorQueueGuard guard;
  const auto subject = read_name(X509_get_subject_name(native()));
  if (!subject) return invalid("The certificate's subject name is not readable text.");
  const auto issuer = read_name(X509_get_issuer_name(native()));
  if (!issuer) return invalid("The certificate's issuer name is not readable text.");
  const auto from = read_time(X509_get0_notBefore(native()));
  const auto until = read_time(X509_get0_notAfter(native()));
  if (!from || !until) return invalid("The certificate's validity period cannot be read.");
  const std::string serial = read_serial_number(native());
  if (serial.empty()) return invalid("The certificate's serial number cannot be read.");
  const long version = X509_get_version(native()) + 1;
  if (version < 1 || version > 3) {
    return invalid("The certificate has the unknown version " + std::to_string(version) + ".");
  }
  return CertificateInfo{.subject_name = *subject,
                         .issuer_name = *issuer,
                         .sha1_thumbprint = hex_upper(sha1(der())),
                         .sha256_thumbprint = thumbprint(),
                         .not_before = *from,
                         .not_after = *until,
                         .serial_number = serial,
                         .version = static_cast<int>(version)};
}

}  // namespace muster::crypto
