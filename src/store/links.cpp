#include "base/text.h"
#include "store/store.h"

namespace muster::store {

std::string certificate_link(const crypto::Sha256& sha256) {
  return "sha256:" + hex_lower(sha256);
}

std::string ca_reference_link(std::string_view certificate_name) {
  return "ca:" + to_lower(certificate_name);
}

std::string place_of(const model::DeviceJob& device) {
  return device.job_id + kBetweenIds + device.device_id;
}

}  // namespace muster::store
