#include <algorithm>

#include "crypto/issuing.h"
#include "crypto/path_validation.h"

namespace muster::crypto {
namespace {

const Certificate* find_issuer(const Certificate& certificate, std::span<const Certificate> candidates,
                               std::span<const Certificate> used) {
  for (const Certificate& candidate : candidates) {
    if (std::ranges::find(used, candidate) != used.end() || !names_issuer(certificate, candidate)) continue;
    if (is_signed_by(certificate, candidate)) return &candidate;
  }
  return nullptr;
}

}  // namespace

std::vector<Certificate> issuer_chain(const Certificate& leaf, std::span<const Certificate> presented,
                                      std::span<const Certificate> known, const PathRestrictions& restrictions) {
  // What a peer sends beyond the limit is refused by validate_path and not worth a signature check here.
  const auto heard = presented.first(std::min(presented.size(), restrictions.max_certificates));
  std::vector<Certificate> chain{leaf};
  while (chain.size() < restrictions.max_certificates && !chain.back().is_self_issued()) {
    const Certificate* issuer = find_issuer(chain.back(), heard, chain);
    if (issuer == nullptr) issuer = find_issuer(chain.back(), known, chain);
    if (issuer == nullptr) break;
    chain.push_back(*issuer);
  }
  chain.erase(chain.begin());
  return chain;
}

}  // namespace muster::crypto
