#pragma once

#include <string>
#include <string_view>

#include <proton/codec.h>
#include <proton/condition.h>

#include "server/amqp/condition.h"

namespace muster::server::amqp {

inline pn_bytes_t proton_bytes(std::string_view text) {
  return pn_bytes(text.size(), text.data());
}

void set_condition(pn_condition_t* target, const Condition& condition);

/// The map of an open that refuses: com.microsoft:open-error = error (device-api.md 7.3 form 1).
void put_open_error(pn_data_t* properties, const Condition& condition);

/// The text of a symbol or string at a symbol key of a map; empty when there is none.
std::string text_at(pn_data_t* map, std::string_view key);

}  // namespace muster::server::amqp
