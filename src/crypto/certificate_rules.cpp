#include "crypto/certificate_rules.h"

#include <algorithm>

#include "crypto/certificate_fields.h"
#include "crypto/key_rules.h"
#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

std::string object_name(const ASN1_OBJECT* object) {
  std::string text(80, '\0');
  const int size = OBJ_obj2txt(text.data(), int_size(text.size()), object, 1);
  text.resize(static_cast<std::size_t>(std::clamp(size, 0, int_size(text.size()) - 1)));
  return text;
}

/// The identifiers of the critical extensions that nobody here understands.
std::string unknown_critical_extensions(const X509* certificate) {
  std::string names;
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    if (X509_EXTENSION_get_critical(extension) != 1 || X509_supported_extension(extension) == 1) continue;
    if (!names.empty()) names += ", ";
    names += object_name(X509_EXTENSION_get_object(extension));
  }
  return names;
}

void judge_version(const Certificate& certificate, std::vector<CertificateFault>& faults) {
  const long version = X509_get_version(certificate.native()) + 1;
  if (version < 1 || version > 3) {
    add_fault(faults, {"unsupported-version", "version " + std::to_string(version) + ", only 1 to 3 exist"});
  } else if (version != 3 && X509_get_ext_count(certificate.native()) > 0) {
    // RFC 5280 section 4.1.2.9: extensions only in version 3.
    add_fault(faults, {"unsupported-version", "version " + std::to_string(version) + " with extensions"});
  }
}

void judge_extensions(const Certificate& certificate, std::vector<CertificateFault>& faults) {
  X509* x509 = certificate.native();
  if (X509_check_purpose(x509, -1, 0) != 1) {
    add_fault(faults, {"malformed-extension", "an extension cannot be read, or contradicts another"});
  }
  const std::uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_CRITICAL) != 0) {
    add_fault(faults, {"unknown-critical-extension", unknown_critical_extensions(x509)});
  }
  constexpr std::uint32_t kClient = XKU_SSL_CLIENT | XKU_ANYEKU;
  if ((flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(x509) & kClient) == 0) {
    add_fault(faults, {"extended-key-usage", "the extended key usage does not include client authentication"});
  }
}

}  // namespace

void add_fault(std::vector<CertificateFault>& faults, CertificateFault fault) {
  if (std::ranges::find(faults, fault.reason, &CertificateFault::reason) == faults.end()) {
    faults.push_back(std::move(fault));
  }
}

std::vector<CertificateFault> judge_certificate(const Certificate& certificate, const PathRestrictions& restrictions) {
  const ErrorQueueGuard guard;
  std::vector<CertificateFault> faults;
  judge_version(certificate, faults);
  judge_extensions(certificate, faults);
  if (auto fault = judge_key(certificate, restrictions)) add_fault(faults, *std::move(fault));
  return faults;
}

std::vector<CertificateFault> judge_validity(const Certificate& certificate, TimePoint now,
                                             std::chrono::seconds tolerance) {
  std::vector<CertificateFault> faults;
  const auto from = certificate.not_before();
  const auto until = certificate.not_after();
  if (from > now + tolerance) {
    faults.push_back(
        {"not-yet-valid", "valid from " + format_time_seconds(from) + ", it is " + format_time_seconds(now)});
  }
  if (until < now - tolerance) {
    faults.push_back({"expired", "valid until " + format_time_seconds(until) + ", it is " + format_time_seconds(now)});
  }
  return faults;
}

std::vector<CertificateFault> judge_issuer(const Certificate& certificate) {
  const ErrorQueueGuard guard;
  X509* x509 = certificate.native();
  std::vector<CertificateFault> faults;
  const std::uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_V1) != 0) {
    faults.push_back({"not-a-ca", "a version " + std::to_string(X509_get_version(x509) + 1) +
                                      " certificate cannot be marked as a CA; version 3 is needed"});
  } else if ((flags & EXFLAG_BCONS) == 0) {
    faults.push_back({"not-a-ca", "there are no basic constraints, so it is not a CA"});
  } else if ((flags & EXFLAG_CA) == 0) {
    faults.push_back({"not-a-ca", "its basic constraints say that it is not a CA"});
  }
  if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(x509) & KU_KEY_CERT_SIGN) == 0) {
    faults.push_back({"key-usage", "its key usage does not include signing certificates"});
  }
  if (faults.empty() && X509_check_ca(x509) != 1) faults.push_back({"not-a-ca", "it is not a CA"});
  return faults;
}

std::vector<CertificateFault> judge_leaf_key_usage(const Certificate& certificate) {
  const ErrorQueueGuard guard;
  X509* x509 = certificate.native();
  constexpr std::uint32_t kHandshake = KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT;
  if ((X509_get_extension_flags(x509) & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x509) & kHandshake) != 0) return {};
  return {{"key-usage", "its key usage includes neither digital signature nor key agreement"}};
}

std::string display_name(const Certificate& certificate) {
  const auto name = read_name(X509_get_subject_name(certificate.native()));
  return name && !name->empty() ? *name : "certificate " + certificate.thumbprint();
}

std::string display_issuer(const Certificate& certificate) {
  const auto name = read_name(X509_get_issuer_name(certificate.native()));
  return name && !name->empty() ? *name : "(unnamed)";
}

}  // namespace muster::crypto
