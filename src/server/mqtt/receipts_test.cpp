#include "server/mqtt/receipts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::server::mqtt {
namespace {

using testing::ElementsAre;
using wire::mqtt::Ack;
using wire::mqtt::PacketType;

/// Something that is done when the test says so.
class Work {
 public:
  Session::Rest rest() { return run(); }
  void finish(Result<void> outcome) { std::exchange(finish_, {})(std::move(outcome)); }

 private:
  Task<Result<void>> run() {
    co_return co_await Handover<Result<void>>([this](auto finish) { finish_ = std::move(finish); });
  }
  std::move_only_function<void(Result<void>)> finish_;
};

class ReceiptsTest : public testing::Test {
 protected:
  void add(std::uint16_t id, Session::Rest rest, std::size_t octets = 10) {
    receipts_->add(octets, Ack{PacketType::kPuback, id}, std::move(rest));
  }
  std::vector<int> take() {
    std::vector<int> out;
    while (const auto due = receipts_->take()) out.push_back(*due ? (**due)->packet_id : -1);
    return out;
  }

  int progress_ = 0;
  std::shared_ptr<Receipts> receipts_ =
      std::make_shared<Receipts>([this] { ++progress_; }, ReceiptLimits{.messages = 3, .octets = 100});
};

TEST_F(ReceiptsTest, GoOutInTheOrderOfTheMessages) {
  Work first;
  Work second;
  add(1, first.rest());
  add(2, second.rest());
  add(3, {});
  second.finish({});
  EXPECT_THAT(take(), ElementsAre());
  EXPECT_EQ(progress_, 0) << "nothing is due yet";
  first.finish({});
  EXPECT_EQ(progress_, 1);
  EXPECT_THAT(take(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(receipts_->empty());
}

TEST_F(ReceiptsTest, AFailureComesInItsPlace) {
  Work first;
  Work second;
  add(1, first.rest());
  add(2, second.rest());
  second.finish(invalid("no"));
  first.finish({});
  EXPECT_THAT(take(), ElementsAre(1, -1));
}

TEST_F(ReceiptsTest, HaveRoomForSoManyMessagesAndOctets) {
  Work large;
  add(1, large.rest(), 101);
  EXPECT_FALSE(receipts_->has_room());
  large.finish({});
  EXPECT_THAT(take(), ElementsAre(1));
  EXPECT_TRUE(receipts_->has_room());
  std::array<Work, 3> work;
  for (Work& each : work) add(1, each.rest());
  EXPECT_FALSE(receipts_->has_room());
  for (Work& each : work) each.finish({});
}

}  // namespace
}  // namespace muster::server::mqtt
