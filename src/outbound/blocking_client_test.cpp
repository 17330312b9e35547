#include "outbound/blocking_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::outbound {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BlockingClient, AnUnusableUrlIsUnreachableAndNoHeaderIsShown) {
  BlockingClient client({});
  for (const char* url : {"http://localhost/", "file:///etc/hostname", "nonsense"}) {
    const auto response =
        client.send({.method = "GET", .url = url, .headers = {{"Authorization", "SharedAccessSignature s3cret"}}});
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(response.error().message, Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace muster::outbound
