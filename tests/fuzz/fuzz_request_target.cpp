// HTTP request targets: a total parser within its limits.
#include <cstdlib>

#include "base/bytes.h"
#include "wire/percent.h"
#include "wire/request_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = muster::as_text({data, size});
  if (muster::wire::percent_decode(muster::wire::percent_encode(text)) != text) std::abort();
  (void)muster::wire::is_plausible_api_version(text);
  const auto target = muster::wire::parse_request_target(text);
  if (!target) return 0;
  if (target->segments.size() > 32 || target->query.size() > 64) std::abort();
  std::string again;
  for (const auto& segment : target->segments) {
    if (segment.empty()) std::abort();
    again += "/" + muster::wire::percent_encode(segment);
  }
  // What was decoded can be encoded and decoded to the same again.
  const auto same = muster::wire::parse_request_target(again.empty() ? "/" : again);
  if (!same || same->segments != target->segments) std::abort();
  return 0;
}
