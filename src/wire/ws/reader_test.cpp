#include "wire/ws/reader.h"

#include <string>

#include <gtest/gtest.h>

namespace muster::wire::ws {
namespace {

constexpr std::uint64_t kLargest = 1000;
constexpr MaskingKey kKey{1, 2, 3, 250};

Bytes frame(Opcode opcode, std::string_view payload, bool final = true) {
  Bytes out;
  append_frame(out, opcode, as_bytes(payload), kKey);
  if (!final) out[0] &= 0x7F;
  return out;
}

Bytes join(std::initializer_list<Bytes> frames) {
  Bytes out;
  for (const Bytes& each : frames) out.insert(out.end(), each.begin(), each.end());
  return out;
}

/// What a reader makes of octets that come in pieces: data, "<ping PAYLOAD>", "<pong>", "<close>", "!REASON".
std::string read(Bytes octets, std::size_t piece = 10'000, Sender sender = Sender::kClient) {
  Reader reader(sender, kLargest);
  std::string out;
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    std::span<std::uint8_t> rest = std::span(octets).subspan(at, std::min(piece, octets.size() - at));
    for (;;) {
      const auto event = reader.next(rest);
      if (!event) return out + "!" + std::string(event.error().reason);
      if (std::holds_alternative<Reader::NeedMore>(*event)) break;
      if (const auto* data = std::get_if<Reader::Data>(&*event)) out += as_text(data->octets);
      if (const auto* ping = std::get_if<Reader::Ping>(&*event))
        out += "<ping " + std::string(as_text(ping->payload)) + ">";
      if (std::holds_alternative<Reader::Pong>(*event)) out += "<pong>";
      if (std::holds_alternative<Reader::Close>(*event)) out += "<close>";
    }
    EXPECT_TRUE(rest.empty());
  }
  return out + (reader.between_messages() ? "" : "...");
}

TEST(WebSocketReader, GivesTheStreamHoweverItIsCut) {
  const std::string large(300, 'z');
  const Bytes all =
      join({frame(Opcode::kBinary, "one"), frame(Opcode::kBinary, ""), frame(Opcode::kPing, "hi"),
            frame(Opcode::kBinary, "tw", false), frame(Opcode::kPong, "unasked"),
            frame(Opcode::kContinuation, "", false), frame(Opcode::kContinuation, "o"), frame(Opcode::kBinary, large),
            frame(Opcode::kClose,
                  "\x03\xe8"
                  "bye")});
  const std::string expected = "one<ping hi>tw<pong>o" + large + "<close>";
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 64UL, 10'000UL}) EXPECT_EQ(read(all, piece), expected) << piece;
}

TEST(WebSocketReader, KnowsWhatIsUnfinished) {
  const Bytes one = frame(Opcode::kBinary, "one");
  for (std::size_t size = 1; size < one.size(); ++size) {
    EXPECT_TRUE(read({one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size)}).ends_with("...")) << size;
  }
  EXPECT_EQ(read(frame(Opcode::kBinary, "a", false)), "a...");
  EXPECT_EQ(read(frame(Opcode::kPing, "")), "<ping >");
}

TEST(WebSocketReader, RefusesWhatIsOutOfPlace) {
  const std::pair<Bytes, const char*> cases[] = {
      {frame(Opcode::kText, "x"), "!text message"},
      {frame(Opcode::kContinuation, "x"), "!nothing to continue"},
      {join({frame(Opcode::kBinary, "a", false), frame(Opcode::kBinary, "b")}), "a!message inside a message"},
      {join({frame(Opcode::kBinary, "a", false), frame(Opcode::kText, "b")}), "a!message inside a message"},
      {join({frame(Opcode::kBinary, "a"), frame(Opcode::kContinuation, "b")}), "a!nothing to continue"},
      {{0x82, 0x01, 'a'}, "!frame is not masked"},
      {{0x89, 0x00}, "!frame is not masked"},
      {frame(Opcode::kClose, "x"), "!close code of one octet"},
      {{0xc2}, "!reserved bits are set"},
  };
  for (const auto& [octets, expected] : cases) EXPECT_EQ(read(octets), expected);
}

TEST(WebSocketReader, TextIsUnsupportedRatherThanBroken) {
  Bytes text = frame(Opcode::kText, "x");
  std::span<std::uint8_t> rest(text);
  EXPECT_EQ(Reader(Sender::kClient, kLargest).next(rest).error().code, CloseCode::kUnsupportedData);
}

TEST(WebSocketReader, LimitsMessagesNotStreams) {
  const std::string most(kLargest, 'x');
  EXPECT_EQ(read(join({frame(Opcode::kBinary, most), frame(Opcode::kBinary, most)})), most + most);
  Bytes beyond = frame(Opcode::kBinary, most + "x");
  std::span<std::uint8_t> rest(beyond);
  EXPECT_EQ(Reader(Sender::kClient, kLargest).next(rest).error().code, CloseCode::kTooLarge);
  EXPECT_EQ(read(join({frame(Opcode::kBinary, most, false), frame(Opcode::kContinuation, "x")})),
            most + "!message is too large");
  Bytes huge{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
  EXPECT_EQ(read(huge), "!message is too large");
  EXPECT_EQ(read(join({frame(Opcode::kBinary, "x", false), huge})), "x!message inside a message");
}

TEST(WebSocketReader, ChecksCloseCodes) {
  const auto closing = [](unsigned code) {
    const char payload[] = {static_cast<char>(code >> 8U), static_cast<char>(code)};
    return read(frame(Opcode::kClose, {payload, 2}));
  };
  for (const unsigned code : {1000U, 1001U, 1003U, 1011U, 3000U, 4999U}) EXPECT_EQ(closing(code), "<close>") << code;
  for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 2999U, 5000U, 65'535U}) {
    EXPECT_EQ(closing(code), "!close code is reserved") << code;
  }
  EXPECT_EQ(read(frame(Opcode::kClose, "")), "<close>");
}

TEST(WebSocketReader, AServersFramesHaveNoMask) {
  EXPECT_EQ(read({0x82, 0x01, 'a'}, 10, Sender::kServer), "a");
  EXPECT_EQ(read(frame(Opcode::kBinary, "a"), 100, Sender::kServer), "!frame is masked");
}

}  // namespace
}  // namespace muster::wire::ws
