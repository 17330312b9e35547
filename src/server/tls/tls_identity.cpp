#include "server/tls/tls_identity.h"

#include "crypto/certificate.h"

namespace muster::server {

std::vector<std::string> validity_warnings(std::span<const TlsIdentity> identities, TimePoint now) {
  std::vector<std::string> warnings;
  for (const TlsIdentity& identity : identities) {
    const auto chain = crypto::Certificate::chain_from_pem(identity.chain_pem);
    if (!chain) continue;  // TlsContext::create says what is wrong with it
    for (const crypto::Certificate& certificate : *chain) {
      if (now > certificate.not_after()) {
        warnings.push_back("certificate of " + certificate.common_name() + " expired at " +
                           format_time_seconds(certificate.not_after()));
      } else if (now < certificate.not_before()) {
        warnings.push_back("certificate of " + certificate.common_name() + " is not valid before " +
                           format_time_seconds(certificate.not_before()));
      }
    }
  }
  return warnings;
}

}  // namespace muster::server
