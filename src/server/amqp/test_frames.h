#pragma once

// For tests only: frames of AMQP as a peer sends them, and taking apart what comes back.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace muster::server::amqp::test {

inline const std::string kSaslHeader("AMQP\x03\x01\x00\x00", 8);
inline const std::string kAmqpHeader("AMQP\x00\x01\x00\x00", 8);
inline const std::string kNull = "\x40";
inline const std::string kTrue = "\x41";
inline const std::string kFalse = "\x42";

inline std::string number_32(std::size_t number) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> static_cast<unsigned>(shift)));
  return out;
}
inline std::string uint_of(std::uint32_t number) {
  return "\x70" + number_32(number);
}
inline std::string text_of(std::string_view text) {
  return "\xb1" + number_32(text.size()) + std::string(text);
}
inline std::string symbol_of(std::string_view text) {
  return "\xb3" + number_32(text.size()) + std::string(text);
}
inline std::string binary_of(std::string_view octets) {
  return "\xb0" + number_32(octets.size()) + std::string(octets);
}
inline std::string list_of(std::initializer_list<std::string> items) {
  std::string content;
  for (const std::string& item : items) content += item;
  return "\xd0" + number_32(content.size() + 4) + number_32(items.size()) + content;
}
inline std::string described(char descriptor, const std::string& value) {
  return std::string("\x00\x53", 2) + descriptor + value;
}
inline std::string frame_of(const std::string& body, char type = 0, std::uint16_t channel = 0) {
  std::string head = number_32(body.size() + 8);
  head.push_back(2);
  head.push_back(type);
  head.push_back(static_cast<char>(channel >> 8U));
  head.push_back(static_cast<char>(channel));
  return head + body;
}

inline std::string sasl_init(std::string_view mechanism, std::string_view response) {
  return frame_of(described(0x41, list_of({symbol_of(mechanism), binary_of(response)})), 1);
}
inline std::string sasl_response(std::string_view response) {
  return frame_of(described(0x43, list_of({binary_of(response)})), 1);
}
inline std::string open_frame(const std::string& idle_time_out = kNull) {
  return frame_of(described(0x10, list_of({text_of("peer"), text_of("host"), kNull, kNull, idle_time_out})));
}
inline std::string begin_frame(std::uint16_t channel = 0) {
  return frame_of(described(0x11, list_of({kNull, uint_of(0), uint_of(100), uint_of(100)})), 0, channel);
}
inline std::string attach_frame(std::string_view name, std::uint32_t handle, bool receives,
                                std::string_view address = "s/registrations/i", std::uint16_t channel = 0) {
  const std::string ours = list_of({text_of(address)});
  const std::string source = described(0x28, receives ? ours : list_of({}));
  const std::string target = described(0x29, receives ? list_of({}) : ours);
  return frame_of(described(0x12, list_of({text_of(name), uint_of(handle), receives ? kTrue : kFalse, kNull, kNull,
                                           source, target, kNull, kNull, uint_of(0)})),
                  0, channel);
}
inline std::string transfer_frame(std::uint32_t handle, const std::string& delivery_id, std::string_view payload,
                                  bool more = false, std::uint16_t channel = 0) {
  return frame_of(described(0x14, list_of({uint_of(handle), delivery_id, delivery_id == kNull ? kNull : binary_of("t"),
                                           kNull, kFalse, more ? kTrue : kFalse})) +
                      std::string(payload),
                  0, channel);
}
inline std::string credit_frame(std::uint32_t handle, std::uint32_t credit, std::uint32_t window = 100) {
  return frame_of(described(0x13, list_of({uint_of(0), uint_of(window), uint_of(1), uint_of(100), uint_of(handle),
                                           uint_of(0), uint_of(credit)})));
}
inline std::string detach_frame(std::uint32_t handle) {
  return frame_of(described(0x16, list_of({uint_of(handle), kTrue})));
}
inline std::string end_frame(std::uint16_t channel = 0) {
  return frame_of(described(0x17, list_of({})), 0, channel);
}
inline std::string close_frame() {
  return frame_of(described(0x18, list_of({})));
}

/// Numbers of the performatives of whole frames; -1 for a protocol header, 0 for an empty frame.
inline std::vector<int> performatives(ByteView octets) {
  std::vector<int> out;
  while (octets.size() >= 8) {
    if (as_text(octets.first(4)) == "AMQP") {
      out.push_back(-1);
      octets = octets.subspan(8);
      continue;
    }
    std::size_t size = 0;
    for (const std::uint8_t octet : octets.first(4)) size = size << 8U | octet;
    out.push_back(size > 10 ? octets[10] : 0);
    octets = octets.subspan(size);
  }
  return out;
}

}  // namespace muster::server::amqp::test
