#include "server/amqp/frame_gate.h"

#include <gmock/gmock.h>

#include "server/amqp/test_frames.h"

namespace muster::server::amqp {
namespace {

using namespace test;

/// Passes units until something is wrong; the condition's name, or "" when all of them pass.
std::string pass(FrameGate& gate, const std::vector<std::string>& units) {
  for (const std::string& unit : units) {
    const auto size = gate.next(as_bytes(unit));
    if (!size) return size.error().name;
    if (!*size) return "incomplete";
    EXPECT_EQ(**size, unit.size());
  }
  return "";
}

std::string pass_opened(const std::vector<std::string>& units, const GateLimits& limits = {}) {
  FrameGate gate(limits);
  EXPECT_EQ(pass(gate, {kAmqpHeader, open_frame()}), "");
  return pass(gate, units);
}

constexpr const char* kFraming = "amqp:connection:framing-error";
constexpr const char* kNotAllowed = "amqp:not-allowed";
constexpr const char* kInvalid = "amqp:invalid-field";
constexpr const char* kTooMuch = "amqp:resource-limit-exceeded";

TEST(FrameGate, ConversationsPass) {
  FrameGate gate;
  EXPECT_EQ(pass(gate, {kSaslHeader, sasl_init("PLAIN", "x"), sasl_response("y")}), "");
  gate.authenticated();
  EXPECT_FALSE(gate.is_open());
  EXPECT_EQ(
      pass(gate, {kAmqpHeader, open_frame(), begin_frame(), attach_frame("a", 0, true), attach_frame("a", 1, false),
                  credit_frame(0, 5), transfer_frame(1, uint_of(0), "x", true), transfer_frame(1, kNull, "x"),
                  frame_of(""), detach_frame(0), detach_frame(1), end_frame(), begin_frame(), close_frame()}),
      "");
  EXPECT_TRUE(gate.is_closed());
}

TEST(FrameGate, UnitsAreAwaitedToTheirEnd) {
  FrameGate gate;
  EXPECT_EQ(*gate.next(as_bytes(std::string_view("AMQ"))), std::nullopt);
  EXPECT_EQ(pass(gate, {kAmqpHeader}), "");
  const std::string open = open_frame();
  for (std::size_t size = 0; size < open.size(); ++size) {
    EXPECT_EQ(*gate.next(as_bytes(std::string_view(open).substr(0, size))), std::nullopt) << size;
  }
  EXPECT_EQ(**gate.next(as_bytes(open + "more")), open.size());
}

TEST(FrameGate, ForeignProtocolsAreTold) {
  for (const std::string_view begin : {"G", "\x16\x03", "AMX"}) {
    FrameGate gate;
    EXPECT_FALSE(gate.next(as_bytes(begin)));
    EXPECT_TRUE(gate.is_foreign());
  }
  FrameGate gate;
  EXPECT_EQ(pass(gate, {std::string("AMQP\x00\x00\x09\x01", 8)}), kFraming);
  EXPECT_FALSE(gate.is_foreign());
}

TEST(FrameGate, SaslGoesItsWay) {
  const auto after_header = [](const std::string& unit) {
    FrameGate gate;
    EXPECT_EQ(pass(gate, {kSaslHeader}), "");
    return pass(gate, {unit});
  };
  EXPECT_EQ(after_header(sasl_response("x")), kFraming);
  EXPECT_EQ(after_header(open_frame()), kFraming);
  EXPECT_EQ(after_header(frame_of(described(0x44, list_of({})), 1)), kFraming) << "an outcome";
  FrameGate gate;
  EXPECT_EQ(pass(gate, {kSaslHeader, sasl_init("A", ""), sasl_init("A", "")}), kFraming);
}

TEST(FrameGate, NothingComesBeforeOpen) {
  for (const std::string& unit : {begin_frame(), close_frame(), frame_of("")}) {
    FrameGate gate;
    EXPECT_NE(pass(gate, {kAmqpHeader, unit}), "");
  }
  EXPECT_EQ(pass_opened({open_frame()}), kNotAllowed);
}

TEST(FrameGate, SizesAreLimited) {
  FrameGate gate({.max_performative = 1000});
  EXPECT_EQ(pass(gate, {kAmqpHeader, number_32(1001) + std::string("\x02\x00\x00\x00", 4)}), kFraming);
  EXPECT_EQ(pass_opened({number_32(65537) + std::string("\x02\x00\x00\x00", 4)}), kFraming);
  EXPECT_EQ(pass_opened({number_32(7) + std::string("\x02\x00\x00\x00", 4)}), kFraming);
  EXPECT_EQ(pass_opened({begin_frame(), attach_frame(std::string(17'000, 'x'), 0, true)}), kFraming);
}

TEST(FrameGate, ContentIsLookedAtToItsInnermostValue) {
  EXPECT_EQ(pass_opened({frame_of(described(0x11, list_of({"\xa1\x05x"})))}), kFraming);
  EXPECT_EQ(
      pass_opened({frame_of(described(0x11, list_of({kNull, std::string("\xf0\0\0\0\x05\xff\xff\xff\xff\x41", 10)})))}),
      kFraming);
  EXPECT_EQ(pass_opened({frame_of("\x40")}), kFraming);
  EXPECT_EQ(pass_opened({frame_of(described(0x11, list_of({})) + "rest")}), kFraming);
}

TEST(FrameGate, ChannelsAreUsedInOrder) {
  EXPECT_EQ(pass_opened({begin_frame(8191)}), "");
  EXPECT_EQ(pass_opened({begin_frame(8192)}), kFraming);
  EXPECT_EQ(pass_opened({begin_frame(), begin_frame()}), kNotAllowed);
  EXPECT_EQ(pass_opened({attach_frame("a", 0, true)}), kNotAllowed);
  EXPECT_EQ(pass_opened({end_frame()}), kNotAllowed);
  EXPECT_EQ(pass_opened({frame_of(described(0x11, list_of({std::string("\x60\0\0", 3)})))}), kNotAllowed);
  EXPECT_EQ(pass_opened({begin_frame(0), begin_frame(1), begin_frame(2)}, {.sessions = 2}), kTooMuch);
  EXPECT_EQ(pass_opened({begin_frame(0), end_frame(0), begin_frame(1), end_frame(1)}, {.sessions = 1}), "");
}

TEST(FrameGate, LinksAreUsedInOrder) {
  const auto linked = [](const std::vector<std::string>& units, const GateLimits& limits = {}) {
    std::vector<std::string> all = {begin_frame(), attach_frame("a", 0, true), attach_frame("a", 1, false)};
    all.insert(all.end(), units.begin(), units.end());
    return pass_opened(all, limits);
  };
  EXPECT_EQ(linked({attach_frame("b", 0, true)}), kNotAllowed) << "handle in use";
  EXPECT_EQ(linked({attach_frame("a", 2, true)}), kNotAllowed) << "link in use";
  EXPECT_EQ(linked({attach_frame("b", 0x80000000, true)}), kInvalid);
  EXPECT_EQ(linked({attach_frame(std::string("b\0", 2), 2, true)}), kInvalid);
  EXPECT_EQ(linked({attach_frame("b", 2, true)}, {.links = 2}), kTooMuch);
  EXPECT_EQ(linked({detach_frame(0), attach_frame("a", 0, true)}, {.links = 2}), "");
  EXPECT_EQ(linked({detach_frame(2)}), kInvalid);
  EXPECT_EQ(linked({credit_frame(2, 1)}), kInvalid);
  EXPECT_EQ(linked({frame_of(described(0x12, list_of({text_of("c")})))}), kInvalid);
}

TEST(FrameGate, TransfersBeginWithIdAndTag) {
  const auto linked = [](const std::vector<std::string>& units) {
    std::vector<std::string> all = {begin_frame(), attach_frame("a", 0, true), attach_frame("a", 1, false)};
    all.insert(all.end(), units.begin(), units.end());
    return pass_opened(all);
  };
  EXPECT_EQ(linked({transfer_frame(0, uint_of(0), "x")}), kInvalid) << "a link of ours to send on";
  EXPECT_EQ(linked({transfer_frame(2, uint_of(0), "x")}), kInvalid);
  EXPECT_EQ(linked({transfer_frame(1, kNull, "x")}), kInvalid);
  EXPECT_EQ(linked({transfer_frame(1, uint_of(0), "x", true), transfer_frame(1, uint_of(0), "x")}), "");
  EXPECT_EQ(linked({transfer_frame(1, uint_of(0), "x"), transfer_frame(1, kNull, "x")}), kInvalid);
  EXPECT_EQ(linked({frame_of(described(0x14, list_of({uint_of(1), uint_of(0), binary_of("t"), kNull, kFalse, kFalse,
                                                      kNull, kNull, kFalse, kTrue})))}),
            "amqp:not-implemented")
      << "aborted";
  EXPECT_EQ(linked({frame_of(described(0x14, list_of({uint_of(1), uint_of(0), binary_of(std::string(33, 't'))})))}),
            kInvalid);
}

}  // namespace
}  // namespace muster::server::amqp
