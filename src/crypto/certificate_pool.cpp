#include "crypto/certificate_pool.h"

namespace muster::crypto {
namespace {

/// Peers may send certificates of any size; issuers in use are much smaller.
constexpr std::size_t kLargestKept = std::size_t{4} * 1024;

}  // namespace

Certificate CertificatePool::share(X509* certificate) {
  Certificate shared = Certificate::share(certificate);
  if (shared.der_size() > kLargestKept) return shared;
  const std::string_view key = as_text(shared.sha256());
  const std::scoped_lock lock(mutex_);
  if (const Certificate* kept = kept_.find(key)) return *kept;
  return kept_.put(key, shared);
}

}  // namespace muster::crypto
