#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/amqp/value.h"

namespace muster::wire::amqp {

// Frames of AMQP 1.0 as a device sends and reads them (sections 2.3, 5.3): one session, on channel 0. What peers send
// to the service goes through the engine of src/server/amqp instead.

/// Numbers of performatives and outcomes (2.7, 3.4, 5.3.3).
enum class Performative : std::uint8_t {
  kOpen = 0x10,
  kBegin = 0x11,
  kAttach = 0x12,
  kFlow = 0x13,
  kTransfer = 0x14,
  kDisposition = 0x15,
  kDetach = 0x16,
  kEnd = 0x17,
  kClose = 0x18,
  kError = 0x1d,
  kAccepted = 0x24,
  kRejected = 0x25,
  kSource = 0x28,
  kTarget = 0x29,
  kSaslMechanisms = 0x40,
  kSaslInit = 0x41,
  kSaslChallenge = 0x42,
  kSaslResponse = 0x43,
  kSaslOutcome = 0x44,
};

enum class Protocol : std::uint8_t { kAmqp = 0, kSasl = 3 };

/// The eight octets that begin each layer (2.2).
Bytes protocol_header(Protocol protocol);

Bytes sasl_init(std::string_view mechanism, ByteView response, std::string_view host_name);
Bytes sasl_response(ByteView response);

/// What a service says: the one mechanism that it offers, and how it ended.
Bytes sasl_mechanisms(std::string_view mechanism);
Bytes sasl_outcome(std::uint8_t code);

Bytes open_frame(std::string_view container_id, std::string_view host_name);
Bytes begin_frame();

struct AttachFields {
  std::string_view name;
  std::uint32_t handle = 0;
  bool receives = false;
  std::string_view address;  ///< of the service's end
  std::string_view api_version;
  std::string_view client_version;
};
Bytes attach_frame(const AttachFields& fields);
/// Lets the service send `credit` messages on a link.
Bytes flow_frame(std::uint32_t handle, std::uint32_t credit);
/// A whole message, which has to fit into one frame.
Bytes transfer_frame(std::uint32_t handle, std::uint32_t delivery_id, ByteView message);
/// Accepts and settles one message of the service.
Bytes accepted_frame(std::uint32_t delivery_id);
Bytes close_frame();

/// A protocol header or a frame, found in octets that are not copied.
struct FrameView {
  std::size_t size = 0;                   ///< octets of all of it
  std::optional<Protocol> protocol = {};  ///< it is a header
  std::optional<Performative> kind = {};  ///< absent for headers and empty frames
  ByteView performative = {};             ///< the described list
  ByteView payload = {};                  ///< what a transfer carries
};

/// What `received` begins with; nullopt: not all of it is there yet. kInvalidArgument for what is no AMQP, or larger
/// than `most` octets.
Result<std::optional<FrameView>> read_frame(ByteView received, std::size_t most);

/// The fields of its performative; kInvalidArgument when it has none.
Result<std::vector<Value>> fields_of(const FrameView& frame);

/// The error that a close, end, detach or rejection tells (2.8.14).
struct PeerError {
  std::string condition;
  std::string description;
  std::optional<std::int64_t> retry_after = {};  ///< seconds, of the info map
};

/// The error of a close, end or detach, if it has one.
std::optional<PeerError> error_of(const FrameView& frame);

/// What the peer says of our deliveries.
struct Verdict {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::optional<PeerError> rejection = {};  ///< also for outcomes that are neither accepted nor rejected
};
/// kInvalidArgument for what is no disposition. nullopt: nothing is decided yet.
Result<std::optional<Verdict>> read_disposition(const FrameView& frame);

}  // namespace muster::wire::amqp
