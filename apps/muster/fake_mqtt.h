#pragma once

#include "wire/mqtt/decode.h"
#include "wire/mqtt/encode.h"

namespace muster::cli {

/// For tests: the one packet that octets are.
inline wire::mqtt::Packet decode_one(ByteView octets) {
  const auto header = wire::mqtt::read_fixed_header(octets, 100'000);
  return wire::mqtt::decode(**header, octets.subspan((*header)->size)).value();
}

}  // namespace muster::cli
