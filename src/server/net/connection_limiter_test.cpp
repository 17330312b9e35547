#include "server/net/connection_limiter.h"

#include <vector>

#include <gtest/gtest.h>

namespace muster::server {
namespace {

using boost::asio::ip::make_address;

TEST(ConnectionLimiter, CountsByPeerAndGivesPlacesBack) {
  ConnectionLimiter limiter({.total = 10, .per_peer = 1});
  auto first = limiter.admit(make_address("192.0.2.1"));
  EXPECT_TRUE(first);
  EXPECT_FALSE(limiter.admit(make_address("192.0.2.1")));
  EXPECT_TRUE(limiter.admit(make_address("192.0.2.2")));
  first.reset();
  EXPECT_TRUE(limiter.admit(make_address("192.0.2.1")));
}

TEST(ConnectionLimiter, CountsInTotal) {
  ConnectionLimiter limiter({.total = 2, .per_peer = 2});
  std::vector<std::optional<ConnectionLimiter::Slot>> slots;
  slots.push_back(limiter.admit(make_address("192.0.2.1")));
  slots.push_back(limiter.admit(make_address("192.0.2.2")));
  EXPECT_FALSE(limiter.admit(make_address("192.0.2.3")));
  slots.clear();
  EXPECT_TRUE(limiter.admit(make_address("192.0.2.3")));
}

TEST(ConnectionLimiter, TakesAnIpv6NetworkForOnePeerAndMappedIpv4ForIpv4) {
  ConnectionLimiter limiter({.total = 10, .per_peer = 1});
  const auto six = limiter.admit(make_address("2001:db8::1"));
  EXPECT_FALSE(limiter.admit(make_address("2001:db8::2")));
  EXPECT_TRUE(limiter.admit(make_address("2001:db8:0:1::2")));
  const auto four = limiter.admit(make_address("::ffff:192.0.2.1"));
  EXPECT_FALSE(limiter.admit(make_address("192.0.2.1")));
  EXPECT_EQ(address_text(make_address("::ffff:192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(address_text(make_address("2001:db8::1")), "2001:db8::1");
}

}  // namespace
}  // namespace muster::server
