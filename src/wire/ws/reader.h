#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <variant>

#include "base/bytes.h"
#include "wire/ws/frame.h"

namespace muster::wire::ws {

/// Who sends what is read: clients mask their frames, servers do not, and neither may do otherwise (RFC 6455 section
/// 5.1).
enum class Sender { kClient, kServer };

/// Reads the frames of one direction as they come, however they are cut, and gives what binary messages carry as a
/// stream of octets. Holds no payload but that of an unfinished control frame (125 octets at most).
class Reader {
 public:
  /// The next octets of the stream, without a mask. They lie in what was given to next().
  struct Data {
    std::span<std::uint8_t> octets;
  };
  struct Ping {
    Bytes payload;  ///< what a pong has to repeat (5.5.3)
  };
  struct Pong {};
  struct Close {};
  /// Everything was taken and is not enough for one of the others.
  struct NeedMore {};
  using Event = std::variant<NeedMore, Data, Ping, Pong, Close>;

  /// `max_message`: octets of one message, all its fragments together.
  Reader(Sender sender, std::uint64_t max_message) : sender_(sender), max_message_(max_message) {}

  /// Takes from the front of `octets` up to the next event; call it until it needs more. Octets of payload are
  /// unmasked where they lie. Text messages are a fault with code 1003 (device-api.md 8). After a fault or a close the
  /// reader is of no more use.
  std::expected<Event, Fault> next(std::span<std::uint8_t>& octets);

  /// Nothing of a message has come that is not complete.
  [[nodiscard]] bool between_messages() const { return !frame_ && !in_message_ && header_octets_ == 0; }

 private:
  std::expected<bool, Fault> take_header(std::span<std::uint8_t>& octets);
  std::expected<void, Fault> begin(const FrameHeader& header);
  std::expected<void, Fault> begin_data(const FrameHeader& header);
  std::span<std::uint8_t> take_payload(std::span<std::uint8_t>& octets);
  std::expected<Event, Fault> finish_control();

  const Sender sender_;
  const std::uint64_t max_message_;
  std::array<std::uint8_t, kMaxHeader> header_ = {};
  std::size_t header_octets_ = 0;     ///< of an unfinished header
  std::optional<FrameHeader> frame_;  ///< whose payload is being read
  std::uint64_t taken_ = 0;           ///< of its payload
  bool in_message_ = false;           ///< more fragments follow
  std::uint64_t message_size_ = 0;    ///< of the fragments announced so far
  Bytes control_;                     ///< payload of a control frame
};

}  // namespace muster::wire::ws
