#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <openssl/types.h>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/digest.h"

namespace muster::crypto {

/// What is shown of a certificate (service-api.md 3.1 `info`).
struct CertificateInfo {
  std::string
      subject_name;  ///< "CN=line7-unit0042, O=Contoso": RFC 2253 attribute names, in the order of the certificate
  std::string issuer_name;
  std::string sha1_thumbprint;    ///< 40 upper-case hexadecimal digits
  std::string sha256_thumbprint;  ///< 64 upper-case hexadecimal digits
  TimePoint not_before;
  TimePoint not_after;
  std::string serial_number;  ///< upper-case hexadecimal, no leading zeros
  int version = 3;            ///< 1, 2 or 3

  bool operator==(const CertificateInfo&) const = default;
};

/// An X.509 certificate: OpenSSL's object, shared by reference and never changed, plus what we ask of it often.
/// Cheap to copy, thread-safe to read.
class Certificate {
 public:
  /// Exactly one DER certificate, nothing behind it.
  static Result<Certificate> from_der(ByteView der);
  /// What users and SDKs upload: PEM text; base64 of DER, on one line or several; base64 of a PEM text
  /// (service-api.md 3.2). With several PEM certificates the first counts. The message says what is wrong.
  static Result<Certificate> from_upload(std::string_view text);
  /// All certificates of a PEM text in order; text around them is skipped (RFC 7468 section 2). At least one.
  static Result<std::vector<Certificate>> chain_from_pem(std::string_view pem);
  /// Takes one more reference on a certificate that TLS already parsed; null is a broken invariant.
  static Certificate share(X509* certificate);

  /// Encoded anew at every call.
  [[nodiscard]] Bytes der() const;
  /// Octets of der().
  [[nodiscard]] std::size_t der_size() const { return shared_->der_size; }
  [[nodiscard]] const Sha256& sha256() const { return shared_->sha256; }
  /// SHA-256, 64 upper-case hexadecimal digits: how hubs and enrollments name a certificate.
  [[nodiscard]] std::string thumbprint() const;
  [[nodiscard]] std::string to_pem() const;
  [[nodiscard]] Result<CertificateInfo> info() const;
  /// The subject's common name as UTF-8; empty when there is none, or more than one, or it holds a NUL.
  [[nodiscard]] const std::string& common_name() const { return shared_->common_name; }
  [[nodiscard]] bool is_self_issued() const;
  [[nodiscard]] TimePoint not_before() const;
  [[nodiscard]] TimePoint not_after() const;
  [[nodiscard]] X509* native() const { return shared_->x509; }

  /// Whether the key of `issuer` was once found to verify the signature; false when that is not known. What was found
  /// never changes, so it is remembered with the object: for one issuer, which is all that most have.
  [[nodiscard]] bool is_known_signed_by(const Certificate& issuer) const;
  void remember_signer(const Certificate& issuer) const;

  bool operator==(const Certificate& other) const { return sha256() == other.sha256(); }

 private:
  /// Written once, then read by any thread.
  struct Signer {
    enum class State : std::uint8_t { kUnknown, kBeingWritten, kKnown };
    std::atomic<State> state = State::kUnknown;
    Sha256 sha256{};
  };
  struct Shared {
    Shared(X509* owned, ByteView der);
    ~Shared();
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    X509* x509;
    std::size_t der_size;
    Sha256 sha256;
    std::string common_name;
    mutable Signer signer;
  };
  Certificate(X509* owned, ByteView der);

  std::shared_ptr<const Shared> shared_;
};

}  // namespace muster::crypto
