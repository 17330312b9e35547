#include "base/ip_network.h"

#include <string>

#include <gtest/gtest.h>

namespace muster {
namespace {

IpAddress address(std::string_view text) {
  return parse_ip_address(text).value();
}
IpNetwork network(std::string_view text) {
  return parse_ip_network(text).value();
}

TEST(IpNetwork, ReadsAddressesOfBothFamilies) {
  EXPECT_EQ(address("192.0.2.1"), address("::ffff:192.0.2.1"));
  EXPECT_EQ(address("2001:db8::1"), address("2001:0DB8:0:0:0:0:0:1"));
  EXPECT_EQ(address("fe80::1%eth0"), address("fe80::1"));
  for (const char* wrong : {"", "192.0.2", "192.0.2.256", "192.0.2.1:443", "[::1]", "host", "1", " ::1"}) {
    EXPECT_FALSE(parse_ip_address(wrong)) << wrong;
  }
}

TEST(IpNetwork, ReadsNetworks) {
  EXPECT_EQ(network("192.0.2.0/24").bits, 120);
  EXPECT_EQ(network("0.0.0.0/0").bits, 96);
  EXPECT_EQ(network("::/0").bits, 0);
  EXPECT_EQ(network("192.0.2.7"), network("192.0.2.7/32"));
  for (const char* wrong : {"192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/2x", "192.0.2.1/24", "::1/129",
                            "2001:db8::1/32", "/8", "host/8"}) {
    EXPECT_FALSE(parse_ip_network(wrong)) << wrong;
  }
}

TEST(IpNetwork, TheSmallestNetworkAroundAnAddressCounts) {
  IpNetworkMap<std::string> regions;
  EXPECT_TRUE(regions.empty());
  for (const auto& [text, region] :
       {std::pair("10.0.0.0/8", "world"), std::pair("10.1.0.0/16", "plant"), std::pair("10.1.2.3", "robot"),
        std::pair("2001:db8::/32", "v6"), std::pair("2001:db8:1::/48", "v6-plant")}) {
    EXPECT_TRUE(regions.add(network(text), region));
  }
  EXPECT_FALSE(regions.add(network("10.0.0.0/8"), "twice"));
  const auto region = [&](std::string_view text) {
    const std::string* found = regions.find(address(text));
    return found == nullptr ? std::string() : *found;
  };
  EXPECT_EQ(region("10.2.0.1"), "world");
  EXPECT_EQ(region("10.1.2.4"), "plant");
  EXPECT_EQ(region("10.1.2.3"), "robot");
  EXPECT_EQ(region("::ffff:10.1.2.3"), "robot");
  EXPECT_EQ(region("2001:db8:1::5"), "v6-plant");
  EXPECT_EQ(region("2001:db8:2::5"), "v6");
  EXPECT_EQ(region("192.0.2.1"), "");
  EXPECT_EQ(region("2001:db9::1"), "");
}

}  // namespace
}  // namespace muster
