#include "wire/ws/frame.h"

#include <string>

#include <gtest/gtest.h>

#include "wire/ws/handshake.h"

namespace muster::wire::ws {
namespace {

Bytes octets(std::string_view hex) {
  return from_hex(hex).value();
}

FrameHeader read(std::string_view hex) {
  const Bytes given = octets(hex);
  const auto header = read_frame_header(given);
  EXPECT_TRUE(header && *header) << hex;
  return header && *header ? **header : FrameHeader{};
}

TEST(WebSocketFrame, ReadsTheExamplesOfTheStandard) {
  // RFC 6455 section 5.7.
  EXPECT_EQ(read("810548656c6c6f"), (FrameHeader{.opcode = Opcode::kText, .payload_size = 5, .size = 2}));
  EXPECT_EQ(
      read("818537fa213d7f9f4d5158"),
      (FrameHeader{.opcode = Opcode::kText, .mask = MaskingKey{0x37, 0xfa, 0x21, 0x3d}, .payload_size = 5, .size = 6}));
  EXPECT_EQ(read("010348656c"), (FrameHeader{.opcode = Opcode::kText, .final = false, .payload_size = 3, .size = 2}));
  EXPECT_EQ(read("80026c6f"), (FrameHeader{.opcode = Opcode::kContinuation, .payload_size = 2, .size = 2}));
  EXPECT_EQ(read("890548656c6c6f"), (FrameHeader{.opcode = Opcode::kPing, .payload_size = 5, .size = 2}));
  EXPECT_EQ(read("827e0100"), (FrameHeader{.payload_size = 256, .size = 4}));
  EXPECT_EQ(read("827f0000000000010000"), (FrameHeader{.payload_size = 65'536, .size = 10}));
}

TEST(WebSocketFrame, WaitsForTheWholeHeader) {
  const Bytes whole = octets("82ff000000000001000001020304");
  ASSERT_EQ(whole.size(), kMaxHeader);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto header = read_frame_header(ByteView(whole).first(size));
    ASSERT_TRUE(header) << size;
    EXPECT_FALSE(header->has_value()) << size;
  }
  EXPECT_TRUE(read_frame_header(whole)->has_value());
}

TEST(WebSocketFrame, RefusesWhatNoFrameIs) {
  const std::pair<const char*, const char*> cases[] = {
      {"c2", "reserved bits are set"},
      {"a2", "reserved bits are set"},
      {"92", "reserved bits are set"},
      {"83", "reserved opcode"},
      {"87", "reserved opcode"},
      {"8b", "reserved opcode"},
      {"8f", "reserved opcode"},
      {"08", "control frame in fragments"},
      {"09", "control frame in fragments"},
      {"897e", "control frame is too long"},
      {"88fe", "control frame is too long"},
      {"827e007d", "length is not minimal"},
      {"827f000000000000ffff", "length is not minimal"},
      {"827f8000000000000000", "length is negative"},
  };
  for (const auto& [hex, reason] : cases) {
    const Bytes given = octets(hex);
    const auto header = read_frame_header(given);
    ASSERT_FALSE(header) << hex;
    EXPECT_EQ(header.error(), (Fault{CloseCode::kProtocolError, reason})) << hex;
  }
}

TEST(WebSocketFrame, WritesWhatItReads) {
  const MaskingKey key{0x37, 0xfa, 0x21, 0x3d};
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 65'535UL, 65'536UL}) {
    for (const auto& mask : {std::optional<MaskingKey>(), std::optional(key)}) {
      const std::string payload(size, 'x');
      Bytes out;
      append_frame(out, Opcode::kBinary, as_bytes(payload), mask);
      const auto header = read_frame_header(out);
      ASSERT_TRUE(header && *header) << size;
      EXPECT_EQ((*header)->payload_size, size);
      EXPECT_EQ((*header)->mask, mask);
      const auto rest = std::span(out).subspan((*header)->size);
      if (mask) apply_mask(rest, *mask, 0);
      EXPECT_EQ(as_text(rest), payload);
    }
  }
}

TEST(WebSocketFrame, MasksInPiecesAsInOne) {
  Bytes whole = octets("7f9f4d5158");
  const MaskingKey key{0x37, 0xfa, 0x21, 0x3d};
  apply_mask(std::span(whole).first(3), key, 0);
  apply_mask(std::span(whole).subspan(3), key, 3);
  EXPECT_EQ(as_text(whole), "Hello");
}

TEST(WebSocketFrame, SaysWhyItCloses) {
  Bytes out;
  append_close(out, CloseCode::kUnsupportedData, std::nullopt);
  EXPECT_EQ(hex_lower(out), "880203eb");
}

TEST(WebSocketHandshake, AcceptsTheExampleOfTheStandard) {
  // RFC 6455 section 1.3.
  EXPECT_EQ(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(is_key("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const char* bad : {"", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZQ== "}) {
    EXPECT_FALSE(is_key(bad)) << bad;
  }
}

}  // namespace
}  // namespace muster::wire::ws
