#include "server/amqp/engine.h"

#include <gmock/gmock.h>

#include "server/amqp/frame_gate.h"
#include "server/amqp/test_frames.h"

namespace muster::server::amqp {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EngineTest : public ::testing::Test {
 protected:
  /// Passes units through a gate, as a connection does.
  void feed(const std::vector<std::string>& units) {
    for (const std::string& unit : units) {
      const auto size = gate_.next(as_bytes(unit));
      ASSERT_TRUE(size && *size) << (size ? "incomplete" : size.error().description);
      engine_.feed(as_bytes(unit));
    }
  }
  template <class T>
  T next() {
    auto event = engine_.next_event();
    if (!event || !std::holds_alternative<T>(*event)) {
      ADD_FAILURE() << "another event";
      return T();
    }
    return std::get<T>(std::move(*event));
  }
  std::string output() { return std::string(as_text(last_ = engine_.take_output())); }
  std::vector<int> sent() {
    last_ = engine_.take_output();
    return performatives(last_);
  }
  /// Past open, begin and the links "to" (handle 0, to us) and "from" (handle 1), with credit for one response.
  void establish() {
    feed({kAmqpHeader, open_frame()});
    next<Opened>();
    engine_.open();
    feed({begin_frame(), attach_frame("to", 0, false), attach_frame("from", 1, true)});
    to_ = next<Attached>().link;
    from_ = next<Attached>().link;
    engine_.accept(to_);
    engine_.accept(from_);
    feed({credit_frame(1, 1)});
    engine_.take_output();
  }

  EngineSettings settings_{.container_id = "IoTDPSGW_00", .max_message = 1000, .credit = 2};
  Engine engine_{settings_, {"EXTERNAL", "PLAIN"}};
  FrameGate gate_;
  LinkId to_ = 0;
  LinkId from_ = 0;
  Bytes last_;
};

TEST_F(EngineTest, SaslIsDecidedOutside) {
  feed({kSaslHeader});
  EXPECT_THAT(sent(), ElementsAre(-1, 0x40));
  EXPECT_THAT(std::string(as_text(last_)), HasSubstr("PLAIN"));
  feed({sasl_init("PLAIN", "words")});
  const auto first = next<SaslInput>();
  EXPECT_EQ(first.mechanism, "PLAIN");
  EXPECT_EQ(as_text(first.response), "words");
  EXPECT_TRUE(engine_.take_output().empty()) << "nothing before the decision";
  engine_.challenge(as_bytes("question"));
  EXPECT_THAT(sent(), ElementsAre(0x42));
  EXPECT_THAT(std::string(as_text(last_)), HasSubstr("question"));
  feed({sasl_response("answer")});
  const auto second = next<SaslInput>();
  EXPECT_FALSE(second.mechanism);
  engine_.challenge(as_bytes("another"));
  EXPECT_THAT(sent(), ElementsAre(0x42)) << "challenges in a row";
  engine_.outcome(true);
  EXPECT_THAT(sent(), ElementsAre(0x44));
  gate_.authenticated();
  feed({kAmqpHeader, open_frame()});
  EXPECT_EQ(next<Opened>().host_name, "host");
  engine_.open();
  EXPECT_THAT(sent(), ElementsAre(-1, 0x10));
}

TEST_F(EngineTest, SaslThatFailsIsTheEnd) {
  feed({kSaslHeader, sasl_init("PLAIN", "")});
  engine_.outcome(false);
  EXPECT_THAT(sent(), ElementsAre(-1, 0x40, 0x44));
  EXPECT_TRUE(engine_.is_over());
}

TEST_F(EngineTest, LinksAreMirroredAndGivenCredit) {
  feed({kAmqpHeader, open_frame()});
  next<Opened>();
  engine_.open();
  feed({begin_frame(), attach_frame("to", 0, false, "place")});
  const auto attached = next<Attached>();
  EXPECT_TRUE(attached.peer_sends);
  EXPECT_EQ(attached.address, "place");
  EXPECT_EQ(attached.api_version, "");
  EXPECT_THAT(sent(), ElementsAre(-1, 0x10, 0x11));
  engine_.accept(attached.link);
  EXPECT_THAT(sent(), ElementsAre(0x12, 0x13));
  feed({detach_frame(0)});
  EXPECT_EQ(next<Detached>().link, attached.link);
  EXPECT_THAT(sent(), ElementsAre(0x16));
}

TEST_F(EngineTest, RefusedLinkIsAttachedToNothingAndDetached) {
  feed({kAmqpHeader, open_frame()});
  engine_.open();
  feed({begin_frame(), attach_frame("to", 0, false, "place")});
  next<Opened>();
  engine_.take_output();
  engine_.refuse(next<Attached>().link, {"amqp:not-found", "{}"});
  const std::string out = output();
  EXPECT_THAT(performatives(as_bytes(out)), ElementsAre(0x12, 0x16));
  EXPECT_THAT(out, HasSubstr("amqp:not-found"));
  EXPECT_EQ(out.find("place"), std::string::npos);
}

TEST_F(EngineTest, VerdictGoesBeforeTheResponse) {
  establish();
  feed({transfer_frame(0, uint_of(0), "re", true), transfer_frame(0, kNull, "quest")});
  const auto received = next<Received>();
  EXPECT_EQ(received.link, to_);
  EXPECT_EQ(as_text(received.message), "request");
  engine_.settle(received.delivery, std::nullopt);
  EXPECT_TRUE(engine_.send(from_, as_bytes("response")));
  EXPECT_THAT(sent(), ElementsAre(0x15, 0x14));
  EXPECT_FALSE(engine_.send(from_, as_bytes("more"))) << "credit is used up";
  feed({credit_frame(1, 2)});
  EXPECT_TRUE(engine_.send(from_, as_bytes("more")));
}

TEST_F(EngineTest, RejectionCarriesItsCondition) {
  establish();
  feed({transfer_frame(0, uint_of(0), "x")});
  engine_.settle(next<Received>().delivery, Condition{"amqp:not-found", "{\"errorCode\":1}", 7s});
  const std::string out = output();
  EXPECT_THAT(performatives(as_bytes(out)), ElementsAre(0x15));
  for (const char* part : {"amqp:not-found", "errorCode", "retry-after", "Retry-After"})
    EXPECT_THAT(out, HasSubstr(part));
}

TEST_F(EngineTest, MessageThatGrowsTooLargeClosesItsLink) {
  establish();
  feed({transfer_frame(0, uint_of(0), std::string(600, 'x'), true)});
  EXPECT_TRUE(engine_.take_output().empty());
  feed({transfer_frame(0, kNull, std::string(600, 'x'), true)});
  EXPECT_THAT(output(), HasSubstr("amqp:link:message-size-exceeded"));
  feed({transfer_frame(0, kNull, std::string(600, 'x'))});
  EXPECT_FALSE(engine_.next_event()) << "it is dropped";
  feed({detach_frame(0)});
  EXPECT_EQ(next<Detached>().link, to_);
}

TEST_F(EngineTest, PeerThatGoesOnAfterThatIsClosed) {
  establish();
  for (int i = 0; i < 4; ++i) {
    feed({transfer_frame(0, i == 0 ? uint_of(0) : kNull, std::string(600, 'x'), true)});
  }
  EXPECT_TRUE(engine_.is_over() || !engine_.take_output().empty());
  EXPECT_TRUE(engine_.is_over());
}

TEST_F(EngineTest, TransfersNeedCredit) {
  establish();
  feed({transfer_frame(0, uint_of(0), "a"), transfer_frame(0, uint_of(1), "b")});
  const auto first = next<Received>();
  next<Received>();
  engine_.settle(first.delivery, std::nullopt);
  engine_.grant(to_);
  feed({transfer_frame(0, uint_of(2), "c")});
  EXPECT_EQ(as_text(next<Received>().message), "c");
  engine_.take_output();
  feed({transfer_frame(0, uint_of(3), "d")});
  EXPECT_FALSE(engine_.next_event());
  EXPECT_THAT(output(), HasSubstr("amqp:link:transfer-limit-exceeded"));
}

TEST_F(EngineTest, ResponsesWaitForTheWindowOfTheSession) {
  establish();
  feed({credit_frame(1, 100, 0)});
  EXPECT_TRUE(engine_.send(from_, as_bytes("one")));
  EXPECT_FALSE(engine_.send(from_, as_bytes("two"))) << "the first is still here";
  EXPECT_TRUE(engine_.take_output().empty());
}

TEST_F(EngineTest, CreditIsGivenBackWhenThePeerWantsIt) {
  establish();
  feed({frame_of(described(0x13, list_of({uint_of(0), uint_of(100), uint_of(1), uint_of(100), uint_of(1), uint_of(0),
                                          uint_of(5), kNull, kTrue})))});
  EXPECT_TRUE(engine_.send(from_, as_bytes("one")));
  engine_.take_output();
  engine_.drain();
  EXPECT_THAT(sent(), ElementsAre(0x13));
  EXPECT_FALSE(engine_.send(from_, as_bytes("two")));
}

TEST_F(EngineTest, WhatThePeerNeverSettlesIsForgotten) {
  establish();
  feed({credit_frame(1, 1000)});
  for (int i = 0; i < 90; ++i) EXPECT_TRUE(engine_.send(from_, as_bytes("x"))) << i;
}

TEST_F(EngineTest, EndOfASessionTakesItsLinks) {
  establish();
  feed({transfer_frame(0, uint_of(0), "x"), end_frame()});
  const auto received = next<Received>();
  next<Detached>();
  next<Detached>();
  EXPECT_THAT(sent(), ElementsAre(0x17));
  engine_.settle(received.delivery, std::nullopt);
  EXPECT_FALSE(engine_.send(from_, as_bytes("x")));
  engine_.grant(to_);
  feed({begin_frame(), attach_frame("to", 0, false)});
  engine_.accept(next<Attached>().link);
  EXPECT_THAT(sent(), ElementsAre(0x11, 0x12, 0x13));
}

TEST_F(EngineTest, RefusedConnectionIsToldInTheOpen) {
  feed({kAmqpHeader, open_frame()});
  next<Opened>();
  engine_.open_refusing({"amqp:not-found", "{\"errorCode\":404201}"});
  const std::string out = output();
  EXPECT_THAT(performatives(as_bytes(out)), ElementsAre(-1, 0x10));
  EXPECT_THAT(out, HasSubstr("com.microsoft:open-error"));
  EXPECT_THAT(out, HasSubstr("404201"));
  EXPECT_FALSE(engine_.is_over());
  engine_.close(Condition{"amqp:not-found", "{\"errorCode\":404201}"});
  EXPECT_THAT(sent(), ElementsAre(0x18));
  EXPECT_TRUE(engine_.is_over());
}

TEST_F(EngineTest, ConnectionThatNeverOpenedIsClosedWithTheReason) {
  feed({kAmqpHeader});
  engine_.close(Condition{"amqp:not-allowed", "The connection is not open."});
  const std::string out = output();
  EXPECT_THAT(performatives(as_bytes(out)), ElementsAre(-1, 0x10, 0x18));
  EXPECT_THAT(out, HasSubstr("The connection is not open."));
  EXPECT_TRUE(engine_.is_over());
}

TEST_F(EngineTest, CloseIsAnswered) {
  establish();
  feed({close_frame()});
  EXPECT_THAT(sent(), ElementsAre(0x18));
  EXPECT_TRUE(engine_.is_over());
}

TEST_F(EngineTest, NothingIsWrittenToStandardError) {
  ::testing::internal::CaptureStderr();
  feed({kAmqpHeader, frame_of(described(0x10, list_of({text_of("peer"), kNull, uint_of(2)})))});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "the maximal frame is too small";
}

TEST_F(EngineTest, IdleTimesAreKept) {
  feed({kAmqpHeader, open_frame(uint_of(10'000))});
  next<Opened>();
  engine_.open();
  engine_.take_output();
  const std::chrono::steady_clock::time_point begin(1000s);
  const auto first = engine_.tick(begin);
  ASSERT_TRUE(first);
  EXPECT_LE(*first, begin + 5s);
  engine_.tick(*first);
  EXPECT_THAT(sent(), ElementsAre(0)) << "an empty frame";
  engine_.tick(begin + 479s);
  EXPECT_FALSE(engine_.is_over());
  engine_.tick(begin + 481s);
  engine_.take_output();
  EXPECT_TRUE(engine_.is_over()) << "the peer has been silent";
}

TEST_F(EngineTest, IdleTimeOutThatIsTooShortIsRefused) {
  feed({kAmqpHeader, open_frame(uint_of(10))});
  EXPECT_FALSE(engine_.next_event());
  EXPECT_THAT(sent(), ElementsAre(-1, 0x10, 0x18));
}

}  // namespace
}  // namespace muster::server::amqp
