#include "provisioning/webhook_target.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::provisioning {
namespace {

using Hosts = std::vector<std::string>;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool is_refused(std::string_view address, WebhookHosts hosts) {
  const auto networks = refused_webhook_networks(hosts);
  const auto ip = parse_ip_address(address).value();
  return std::ranges::any_of(networks,
                             [&ip](const IpNetwork& network) { return network_of(ip, network.bits) == network; });
}

TEST(WebhookTarget, IsTheHostOfTheUrlAndTheUrlWithoutItsKey) {
  const auto target = check_target("https://Alloc.Example.net:8443/api/pick?code=abc#x", Hosts{});
  ASSERT_TRUE(target);
  EXPECT_EQ(target->host, "alloc.example.net");
  EXPECT_EQ(target->name, "https://Alloc.Example.net:8443/api/pick");
  EXPECT_EQ(check_target("https://[::1]:1/x", Hosts{})->host, "[::1]");
  EXPECT_EQ(check_target("https://h?code=1", Hosts{})->name, "https://h");
}

TEST(WebhookTarget, IsHttpsWithoutAnythingThatOthersMayReadDifferently) {  // RFC 3986 section 7.6
  for (const char* url :
       {"http://h/x", "ftp://h/x", "https://", "https:///x", "https://user@h/x", "https://good.test\\@evil.test/",
        "https://h%2e/x", "https://h:80a/", "https://[::1", "https://[zz]/", "https://h h/", "h/x", ""}) {
    EXPECT_FALSE(check_target(url, Hosts{})) << url;
  }
}

TEST(WebhookTarget, IsOnTheListWhenThereIsOne) {
  const Hosts hosts{"alloc.test", "*.fn.test"};
  EXPECT_TRUE(check_target("https://ALLOC.test/x", hosts));
  EXPECT_TRUE(check_target("https://a.b.fn.test/x", hosts));
  for (const char* url : {"https://fn.test/", "https://evilfn.test/", "https://alloc.test.evil/", "https://other/",
                          "https://alloc.test./"}) {
    const auto target = check_target(url, hosts);
    ASSERT_FALSE(target) << url;
    EXPECT_THAT(target.error().message, HasSubstr("webhook_hosts"));
  }
}

TEST(WebhookTarget, ListsHoldHosts) {
  for (const char* good : {"alloc.test", "*.fn.test", "localhost", "10.0.0.7", "[::1]"}) {
    EXPECT_TRUE(is_host_pattern(good)) << good;
  }
  for (const char* bad : {"", "*", "*.", "https://alloc.test", "alloc.test:443", "alloc.test/x", "a.*.b"}) {
    EXPECT_FALSE(is_host_pattern(bad)) << bad;
  }
}

TEST(WebhookTarget, IsShownWithoutTheValuesOfItsQuery) {
  EXPECT_EQ(masked_url("https://u:p@h/x?code=abcd&v=&flag&clientId=me#f"), "https://h/x?code=***&v&flag&clientId=***");
  EXPECT_EQ(masked_url("https://h/x"), "https://h/x");
  EXPECT_EQ(masked_url("https://h/x?"), "https://h/x");
  EXPECT_EQ(masked_url("no url"), "no url");
  EXPECT_THAT(query_values("https://h/x?code=abcd&v=1&w=efgh=#z"), ElementsAre("abcd", "efgh="));
}

TEST(WebhookNetworks, NeverHoldMetadataServices) {
  for (const auto hosts : {WebhookHosts::kAny, WebhookHosts::kNamed}) {
    for (const char* address :
         {"169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "0.0.0.0",
          "::", "224.0.0.1", "255.255.255.255", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"}) {
      EXPECT_TRUE(is_refused(address, hosts)) << address;
    }
    for (const char* address : {"10.0.0.7", "192.168.1.1", "172.16.0.1", "203.0.113.9", "2001:db8::1", "fd12::1"}) {
      EXPECT_FALSE(is_refused(address, hosts)) << address;
    }
  }
}

TEST(WebhookNetworks, HoldThisMachineOnlyForHostsThatAreNamed) {
  for (const char* address : {"127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_refused(address, WebhookHosts::kAny)) << address;
    EXPECT_FALSE(is_refused(address, WebhookHosts::kNamed)) << address;
  }
}

}  // namespace
}  // namespace muster::provisioning
