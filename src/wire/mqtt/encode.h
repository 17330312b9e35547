#pragma once

#include "base/bytes.h"
#include "wire/mqtt/packet.h"

namespace muster::wire::mqtt {

/// The longest text or octet string that a packet can hold.
inline constexpr std::size_t kMaxString = 65'535;
/// The most octets that can follow a fixed header (2.2.3).
inline constexpr std::size_t kMaxBody = 268'435'455;

/// Appends the octets of `packet`. The caller keeps its texts within kMaxString and the whole within kMaxBody.
void append(Bytes& out, const Packet& packet);

Bytes encode(const Packet& packet);

}  // namespace muster::wire::mqtt
