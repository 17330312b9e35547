#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/mqtt/packet.h"

namespace muster::wire::mqtt {

/// The fixed header of a packet (MQTT 3.1.1 section 2.2).
struct FixedHeader {
  PacketType type = PacketType::kConnect;
  std::uint8_t flags = 0;
  std::size_t size = 0;       ///< of the header itself, octets
  std::size_t body_size = 0;  ///< of what follows it
};

/// Reads the header that `octets` begin with. nullopt: more octets are needed. kInvalidArgument: no packet begins like
/// this; kTooLarge: the packet would have more than `max_packet` octets, header included.
Result<std::optional<FixedHeader>> read_fixed_header(ByteView octets, std::size_t max_packet);

/// Reads a whole packet; `body` has the octets behind the header, no more and no fewer. kInvalidArgument names what is
/// malformed; kUnsupported: a CONNECT of another protocol or version, which is answered with return code 1 (3.1.2.2).
/// What is sound in itself may still be out of place: a client's packet sent by a server, a second CONNECT.
Result<Packet> decode(const FixedHeader& header, ByteView body);

}  // namespace muster::wire::mqtt
