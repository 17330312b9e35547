#include "muster/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ConnectTo, TakesAnAddressWithOrWithoutPort) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"127.0.0.1", "::127.0.0.1:"},
                                                       {"127.0.0.1:8443", "::127.0.0.1:8443"},
                                                       {"[::1]", "::[::1]:"},
                                                       {"[::1]:8443", "::[::1]:8443"}};
  for (const auto& [address, entry] : cases) EXPECT_EQ(connect_to_entry(address), entry);
}

TEST(HttpClient, AnUnusableUrlIsUnreachableAndNoHeaderIsShown) {
  HttpClient client({});
  for (const char* url : {"http://localhost/", "file:///etc/hostname", "nonsense"}) {
    const auto response =
        client.send({.method = "GET", .url = url, .headers = {{"Authorization", "SharedAccessSignature s3cret"}}});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(response.error().message, Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace muster::cli
