#include "base/text.h"
#include "store/store.h"

namespace muster::store {

std::string certificate_link(const crypto::Sha256& sha256) {
  return "sha256:" + hex_lower(sha256);
}

std::string ca_reference_link(std::string_view certificate_name) {
  return "ca:" + to_lower(certificate_name);
}

}  // namespace muster::store
