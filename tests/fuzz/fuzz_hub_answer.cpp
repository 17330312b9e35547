// Answers of hubs elsewhere: whatever stands in them is understood or refused, and what is sent back is a document
// about the same device.
#include <cstdlib>

#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "hub/azure_wire.h"
#include "model/json.h"

namespace muster {
namespace {

void read_answer(const std::string& text) {
  SequenceRandom random;
  for (const int status : {200, 302, 400, 401, 403, 404, 409, 412, 413, 429, 500}) {
    const Error error = hub::azure_error({status, {{"Retry-After", text}}, text});
    if (error.message.empty() || error.detail.size() > 64) std::abort();
  }
  if (const auto wait = hub::retry_after_of({429, {{"Retry-After", text}}, {}}); wait && wait->count() < 0)
    std::abort();

  const auto document = model::parse_json_object(text);
  if (!document) return;
  provisioning::HubDeviceSpec spec;
  spec.device_id = "dev-1";
  spec.credential = model::ThumbprintCredential{std::string(64, 'A'), std::string(64, 'A')};
  hub::azure_identity_is(*document, spec, random);
  const auto adopted = hub::azure_adopted_identity(*document, spec);
  if (!hub::azure_identity_of(adopted, spec.device_id)) std::abort();
  if (!hub::azure_identity_is(adopted, spec, random) && adopted.size() == 3) std::abort();
  if (auto taken = hub::azure_device_data(*document)) {
    const auto& twin = taken->twin;
    if (twin.desired.values.contains("$version") || twin.reported.values.contains("$metadata")) std::abort();
    spec.carried = std::move(*taken);
    if (hub::azure_new_identity(spec).at("status") != (spec.carried->enabled ? "enabled" : "disabled")) std::abort();
  }
}

}  // namespace
}  // namespace muster

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::read_answer(std::string(muster::as_text({data, size})));
  return 0;
}
