#include "crypto/issuing.h"

#include "crypto/key_rules.h"
#include "crypto/openssl.h"

namespace muster::crypto {

bool names_issuer(const Certificate& certificate, const Certificate& issuer) {
  // Only certificates that name an issuer are ever checked against its key.
  if (certificate.is_known_signed_by(issuer)) return true;
  const ErrorQueueGuard guard;
  switch (X509_check_issued(issuer.native(), certificate.native())) {
    case X509_V_OK:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_NO_ISSUER_PUBLIC_KEY:
      return true;
    default:
      return false;
  }
}

bool is_signed_by(const Certificate& certificate, const Certificate& issuer) {
  if (certificate.is_known_signed_by(issuer)) return true;
  const ErrorQueueGuard guard;
  if (!can_verify_with(issuer)) return false;
  if (X509_verify(certificate.native(), X509_get0_pubkey(issuer.native())) != 1) return false;
  certificate.remember_signer(issuer);
  return true;
}

bool looks_self_signed(const Certificate& certificate) {
  const ErrorQueueGuard guard;
  return (X509_get_extension_flags(certificate.native()) & EXFLAG_SS) != 0;
}

}  // namespace muster::crypto
