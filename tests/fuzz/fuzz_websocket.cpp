// What a client sends to become a WebSocket and then over it: the request is answered or refused, frames give the same
// stream and the same end however they are cut, and what is written is read back.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "wire/ws/reader.h"
#include "wire/ws/upgrade.h"

namespace {

using namespace muster;
using namespace muster::wire::ws;

constexpr std::uint64_t kLargest = 4096;

/// Takes lines "name: value" off the front of `octets`, up to an empty one.
HeaderList take_headers(std::string_view& octets) {
  HeaderList out;
  for (;;) {
    const auto end = octets.find("\r\n");
    if (end == std::string_view::npos) return out;
    const std::string_view line = octets.substr(0, end);
    octets.remove_prefix(end + 2);
    if (line.empty()) return out;
    const auto colon = std::min(line.find(':'), line.size());
    out.emplace_back(line.substr(0, colon), trim(line.substr(std::min(colon + 1, line.size()))));
  }
}

void upgrade(const HeaderList& headers) {
  constexpr std::array<std::string_view, 2> kKnown = {"mqtt", "amqpwsb10"};
  asks_for_web_socket("GET", headers);
  const auto upgrade = answer_upgrade(headers, kKnown);
  if (!upgrade) {
    if (upgrade.error().status != 400 && upgrade.error().status != 426) std::abort();
    return;
  }
  // What goes out is fixed but for the spelling of a name that is known (device-api.md 8).
  const std::string& spelling = upgrade->headers.at(3).second;
  if (!equals_nocase(spelling, kKnown.at(upgrade->sub_protocol))) std::abort();
}

/// The stream, and in brackets what came between and how it ended.
std::string read_frames(Bytes octets, std::size_t piece) {
  Reader reader(Sender::kClient, kLargest);
  std::string data;
  std::string events;
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    std::span<std::uint8_t> rest = std::span(octets).subspan(at, std::min(piece, octets.size() - at));
    for (;;) {
      const auto event = reader.next(rest);
      if (!event) return data + "[" + events + std::string(event.error().reason) + "]";
      if (std::holds_alternative<Reader::NeedMore>(*event)) break;
      if (const auto* some = std::get_if<Reader::Data>(&*event)) data += as_text(some->octets);
      if (const auto* ping = std::get_if<Reader::Ping>(&*event)) {
        if (ping->payload.size() > kMaxControlPayload) std::abort();
        events += "ping " + hex_lower(ping->payload) + " ";
      }
      if (std::holds_alternative<Reader::Close>(*event)) return data + "[" + events + "close]";
    }
    if (!rest.empty()) std::abort();
  }
  return data + "[" + events + (reader.between_messages() ? "]" : "...]");
}

void write_and_read(ByteView payload) {
  Bytes frame;
  append_frame(frame, Opcode::kBinary, payload, MaskingKey{1, 2, 3, 4});
  const std::size_t whole = frame.size();
  const std::string expected = std::string(as_text(payload)) + "[]";
  if (payload.size() <= kLargest && read_frames(std::move(frame), whole) != expected) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view octets = as_text(ByteView(data, size));
  upgrade(take_headers(octets));
  const ByteView rest = as_bytes(octets);
  const Bytes frames(rest.begin(), rest.end());
  const std::string whole = read_frames(frames, std::max<std::size_t>(frames.size(), 1));
  for (const std::size_t piece : {1U, 3U, 17U}) {
    if (read_frames(frames, piece) != whole) std::abort();
  }
  write_and_read(rest);
  return 0;
}
