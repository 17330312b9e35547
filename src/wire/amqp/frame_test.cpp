#include "wire/amqp/frame.h"

#include <gtest/gtest.h>

#include "wire/amqp/encode.h"
#include "wire/amqp/value.h"

namespace muster::wire::amqp {
namespace {

FrameView read(const Bytes& octets) {
  return read_frame(octets, 100'000).value().value();
}

/// close, end or detach with an error in its place.
Bytes close_with(const Bytes& error) {
  Bytes out{0, 0, 0, 0, 2, 0, 0, 0};
  const Bytes body = described_value(0x18, list_value({error}));
  out.insert(out.end(), body.begin(), body.end());
  out[3] = static_cast<std::uint8_t>(out.size());
  return out;
}

TEST(AmqpFrame, HeadersAreReadAsSuch) {
  EXPECT_EQ(hex_lower(protocol_header(Protocol::kSasl)), "414d515003010000");
  EXPECT_EQ(read(protocol_header(Protocol::kSasl)).protocol, Protocol::kSasl);
  EXPECT_EQ(read(protocol_header(Protocol::kAmqp)).protocol, Protocol::kAmqp);
  EXPECT_FALSE(read(protocol_header(Protocol::kAmqp)).kind);
}

TEST(AmqpFrame, WhatIsMadeIsReadAgain) {
  const Bytes payload{1, 2, 3};
  const Bytes transfer = transfer_frame(1, 7, payload);
  const FrameView frame = read(transfer);
  EXPECT_EQ(frame.kind, Performative::kTransfer);
  EXPECT_EQ(frame.size, transfer.size());
  EXPECT_EQ(Bytes(frame.payload.begin(), frame.payload.end()), payload);
  EXPECT_EQ(read(open_frame("c", "h")).kind, Performative::kOpen);
  EXPECT_EQ(read(begin_frame()).kind, Performative::kBegin);
  EXPECT_EQ(read(attach_frame({.name = "n", .address = "a", .api_version = "v", .client_version = "c"})).kind,
            Performative::kAttach);
  EXPECT_EQ(read(close_frame()).kind, Performative::kClose);
  EXPECT_EQ(read(sasl_response(payload)).kind, Performative::kSaslResponse);
}

TEST(AmqpFrame, AFrameComesPieceByPiece) {
  const Bytes open = open_frame("container", "host");
  for (std::size_t size = 0; size < open.size(); ++size) {
    EXPECT_FALSE(read_frame(ByteView(open).first(size), 1000).value()) << size;
  }
  EXPECT_TRUE(read_frame(open, 1000).value());
}

TEST(AmqpFrame, ForeignOctetsAreRefused) {
  EXPECT_FALSE(read_frame(as_bytes("HTTP/1.1 400 Bad Request"), 1000));
  EXPECT_FALSE(read_frame(open_frame("c", "h"), 10)) << "larger than allowed";
  Bytes wrong_offset = open_frame("c", "h");
  wrong_offset[4] = 1;
  EXPECT_FALSE(read_frame(wrong_offset, 1000));
  Bytes no_performative = open_frame("c", "h");
  no_performative[8] = 0x40;
  EXPECT_FALSE(read_frame(no_performative, 1000));
}

TEST(AmqpFrame, AnEmptyFrameIsNothing) {
  const Bytes empty{0, 0, 0, 8, 2, 0, 0, 0};
  EXPECT_EQ(read(empty).size, 8U);
  EXPECT_FALSE(read(empty).kind);
}

TEST(AmqpFrame, ErrorsAreRead) {
  const Bytes info = map_value({symbol_value("Retry-After"), int_value(9), symbol_value("retry-after"), int_value(9)});
  const Bytes error =
      described_value(0x1d, list_value({symbol_value("amqp:internal-error"), string_value("why"), info}));
  const Bytes close = close_with(error);
  const auto read_error = error_of(read(close));
  ASSERT_TRUE(read_error);
  EXPECT_EQ(read_error->condition, "amqp:internal-error");
  EXPECT_EQ(read_error->description, "why");
  EXPECT_EQ(read_error->retry_after, 9);
  EXPECT_FALSE(error_of(read(close_frame())));
  EXPECT_FALSE(error_of(read(close_with(null_value()))));
}

TEST(AmqpFrame, AVerdictIsReadFromADisposition) {
  const Bytes accepted = accepted_frame(4);
  const auto verdict = read_disposition(read(accepted)).value();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->first, 4U);
  EXPECT_EQ(verdict->last, 4U);
  EXPECT_FALSE(verdict->rejection);
  EXPECT_FALSE(read_disposition(read(begin_frame())));
}

TEST(AmqpEncode, NumbersTakeTheirShortestForm) {
  EXPECT_EQ(hex_lower(uint_value(0)), "43");
  EXPECT_EQ(hex_lower(uint_value(255)), "52ff");
  EXPECT_EQ(hex_lower(uint_value(256)), "7000000100");
  EXPECT_EQ(hex_lower(int_value(3)), "5403");
  EXPECT_EQ(hex_lower(int_value(-1)), "54ff");
  EXPECT_EQ(hex_lower(int_value(300)), "710000012c");
}

TEST(AmqpEncode, LongTextsAndListsTakeTheLongForm) {
  const std::string text(300, 'x');
  const Bytes value = string_value(text);
  EXPECT_EQ(value.front(), 0xb1);
  const Bytes list = list_value({value, value});
  EXPECT_EQ(list.front(), 0xd0);
  Reader reader(list);
  const auto items = read_items(reader.next().value()).value();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(as_string(items[1]), text);
}

TEST(AmqpEncode, WholeNumbersComeBack) {
  for (const std::int32_t number : {0, 1, -1, 127, -128, 128, 2'000'000'000, -2'000'000'000}) {
    const Bytes octets = int_value(number);
    EXPECT_EQ(as_integer(Reader(octets).next().value()), number);
  }
}

}  // namespace
}  // namespace muster::wire::amqp
