#include "server/amqp/proton_values.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace muster::server::amqp {
namespace {

constexpr std::uint64_t kError = 0x1d;  // descriptor of 2.8.14

std::string_view text_of(pn_data_t* data) {
  pn_bytes_t text{0, nullptr};
  if (pn_data_type(data) == PN_SYMBOL) text = pn_data_get_symbol(data);
  if (pn_data_type(data) == PN_STRING) text = pn_data_get_string(data);
  return text.start == nullptr ? std::string_view() : std::string_view(text.start, text.size);
}

}  // namespace

void set_condition(pn_condition_t* target, const Condition& condition) {
  pn_condition_set_name(target, condition.name.c_str());
  if (!condition.description.empty()) pn_condition_set_description(target, condition.description.c_str());
  if (!condition.retry_after) return;
  const auto seconds = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(condition.retry_after->count(), 0, std::numeric_limits<std::int32_t>::max()));
  pn_data_t* info = pn_condition_info(target);
  pn_data_clear(info);
  pn_data_put_map(info);
  pn_data_enter(info);
  for (const std::string_view name : {"retry-after", "Retry-After"}) {
    pn_data_put_symbol(info, proton_bytes(name));
    pn_data_put_int(info, seconds);
  }
  pn_data_exit(info);
}

void put_open_error(pn_data_t* properties, const Condition& condition) {
  pn_data_clear(properties);
  pn_data_put_map(properties);
  pn_data_enter(properties);
  pn_data_put_symbol(properties, proton_bytes("com.microsoft:open-error"));
  pn_data_put_described(properties);
  pn_data_enter(properties);
  pn_data_put_ulong(properties, kError);
  pn_data_put_list(properties);
  pn_data_enter(properties);
  pn_data_put_symbol(properties, proton_bytes(condition.name));
  pn_data_put_string(properties, proton_bytes(condition.description));
  pn_data_put_map(properties);
  pn_data_exit(properties);
  pn_data_exit(properties);
  pn_data_exit(properties);
}

std::string text_at(pn_data_t* map, std::string_view key) {
  if (map == nullptr) return {};
  std::string found;
  pn_data_rewind(map);
  if (pn_data_next(map) && pn_data_type(map) == PN_MAP) {
    pn_data_enter(map);
    while (found.empty() && pn_data_next(map)) {
      const bool wanted = text_of(map) == key;
      if (!pn_data_next(map)) break;
      if (wanted) found = text_of(map);
    }
  }
  pn_data_rewind(map);
  return found;
}

}  // namespace muster::server::amqp
