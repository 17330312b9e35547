#include "muster/tls_channel.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

TEST(HostPort, IsReadWithAndWithoutAPort) {
  EXPECT_EQ(parse_host_port("dps.example.net", 8883), (HostPort{"dps.example.net", 8883}));
  EXPECT_EQ(parse_host_port("dps.example.net:1", 8883), (HostPort{"dps.example.net", 1}));
  EXPECT_EQ(parse_host_port("[::1]", 443), (HostPort{"::1", 443}));
  EXPECT_EQ(parse_host_port("[::1]:65535", 443), (HostPort{"::1", 65535}));
  for (const char* bad : {"", ":443", "h:", "h:0", "h:65536", "h:x", "h:1x", "[::1", "[::1]443", "[]:1", "h:-1"}) {
    EXPECT_EQ(parse_host_port(bad, 443).error().code, ErrorCode::kInvalidArgument) << bad;
  }
}

TEST(TlsChannel, SaysWhatIsWrongWithTheWayToTheService) {
  HttpClientOptions options;
  options.connect_to = "127.0.0.1:1";  // nothing listens there
  const auto unreachable = connect_tls({{"dps.example.net", 443}, options});
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(unreachable.error().message, "Cannot reach dps.example.net:443: Connection refused");
  options.connect_to = "x:y";
  EXPECT_EQ(connect_tls({{"dps.example.net", 443}, options}).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace muster::cli
