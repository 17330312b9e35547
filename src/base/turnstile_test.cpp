#include "base/turnstile.h"

#include <vector>

#include <gtest/gtest.h>

namespace muster {
namespace {

/// Goes through when `go` is called.
class Visitor {
 public:
  Task<bool> visit(Turnstile& turnstile, std::vector<int>& order, int number) {
    const auto place = co_await turnstile.enter();
    order.push_back(number);
    co_await Handover<bool>([this](auto complete) { go_ = std::move(complete); });
    co_return true;
  }
  void go() { std::exchange(go_, nullptr)(true); }

 private:
  std::move_only_function<void(bool)> go_;
};

TEST(Turnstile, LetsAsManyThroughAsThereArePlacesAndTheOthersInTurn) {
  Turnstile turnstile(2);
  std::vector<Visitor> visitors(4);
  std::vector<int> order;
  for (int i = 0; i < 4; ++i) start(visitors[i].visit(turnstile, order, i), [](bool) {});
  EXPECT_EQ(order, (std::vector{0, 1}));
  EXPECT_EQ(turnstile.waiting(), 2U);
  visitors[1].go();
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
  visitors[0].go();
  visitors[2].go();
  visitors[3].go();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(turnstile.waiting(), 0U);
}

}  // namespace
}  // namespace muster
