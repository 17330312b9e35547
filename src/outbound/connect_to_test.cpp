#include "outbound/connect_to.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::outbound {
namespace {

TEST(ConnectEverythingTo, TakesAnAddressWithOrWithoutPort) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"127.0.0.1", "::127.0.0.1:"},
                                                       {"127.0.0.1:8443", "::127.0.0.1:8443"},
                                                       {"[::1]", "::[::1]:"},
                                                       {"[::1]:8443", "::[::1]:8443"}};
  for (const auto& [address, entry] : cases) EXPECT_EQ(connect_everything_to(address), entry);
}

TEST(ConnectHostTo, LeadsOneHostElsewhere) {
  EXPECT_EQ(connect_host_to("hub.example.test=127.0.0.1:8443"), "hub.example.test::127.0.0.1:8443");
  EXPECT_EQ(connect_host_to("hub.example.test=[::1]"), "hub.example.test::[::1]:");
}

TEST(ConnectHostTo, RefusesWhatNamesNoHostOrNoAddress) {
  for (const char* text : {"", "hub.example.test", "=127.0.0.1", "hub.example.test="}) {
    const auto entry = connect_host_to(text);
    ASSERT_FALSE(entry) << text;
    EXPECT_EQ(entry.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace muster::outbound
