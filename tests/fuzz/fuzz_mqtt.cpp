// MQTT packets: any octets are read or refused, and what is read is written as it came.
#include <cstdlib>

#include "wire/mqtt/decode.h"
#include "wire/mqtt/encode.h"
#include "wire/mqtt/topic.h"

namespace {

using namespace muster::wire::mqtt;

constexpr std::size_t kLargest = 4096;

/// Publish with QoS 0 and 1 to what filters name: matching must end, whatever the wildcards.
void subscribe(const Subscribe& subscribe) {
  for (const Subscription& each : subscribe.subscriptions) {
    if (!is_topic_filter(each.filter)) std::abort();
    matches(each.filter, "$dps/registrations/res/200/");
    if (is_topic_name(each.filter) && !matches(each.filter, each.filter)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::ByteView rest(data, size);
  while (!rest.empty()) {
    const auto header = read_fixed_header(rest, kLargest);
    if (!header || !*header || (*header)->size + (*header)->body_size > rest.size()) return 0;
    const std::size_t whole = (*header)->size + (*header)->body_size;
    const auto packet = decode(**header, rest.subspan((*header)->size, (*header)->body_size));
    if (!packet) return 0;
    if (const auto* wanted = std::get_if<Subscribe>(&*packet)) subscribe(*wanted);
    const muster::Bytes again = encode(*packet);
    const auto second = read_fixed_header(again, kLargest);
    if (!second || !*second) std::abort();
    if (decode(**second, muster::ByteView(again).subspan((*second)->size)) != packet) std::abort();
    rest = rest.subspan(whole);
  }
  return 0;
}
