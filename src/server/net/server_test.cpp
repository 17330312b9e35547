#include "server/net/server.h"

#include <cerrno>
#include <string>
#include <vector>

#include <boost/system/error_code.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "server/net/test_server.h"

namespace muster::server::test {
namespace {

using ::testing::HasSubstr;

class ServerTest : public ServerFixture {};

TEST_F(ServerTest, SpreadsConnectionsOverThreadsOnOnePort) {
  start();
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<TlsClient>(port()));
    ASSERT_TRUE(clients.back()->handshake());
    EXPECT_EQ(clients.back()->ask(kGet).status(), 200);
  }
  EXPECT_EQ(counters().open, 8U);
  clients.clear();
  EXPECT_TRUE(all_closed());
  EXPECT_EQ(counters().accepted, 8U);
}

TEST_F(ServerTest, ClosesConnectionsBeyondTheLimitAtOnceAndTakesTheNextWhenOneGoes) {
  ServerOptions narrow = options();
  narrow.limits = {.total = 10, .per_peer = 2};
  start(narrow);
  auto first = std::make_unique<TlsClient>(port());
  ASSERT_TRUE(first->handshake());
  TlsClient second(port());
  ASSERT_TRUE(second.handshake());
  RawClient third(port());
  EXPECT_EQ(third.read_to_end(), "");
  EXPECT_EQ(counters().refused_by_limit, 1U);
  first.reset();
  EXPECT_TRUE(eventually([this] { return counters().open == 1; }));
  EXPECT_EQ(fresh_request().status(), 200);
}

TEST_F(ServerTest, WaitsInsteadOfSpinningWhenThereAreNoDescriptors) {
  ServerOptions single = options();
  single.threads = 1;
  start(single);
  // The undefined-behaviour sanitizer needs descriptors when it sees a type for the first time; it sees these now.
  ASSERT_EQ(fresh_request().status(), 200);
  ASSERT_NE(boost::system::error_code(EMFILE, boost::system::system_category()).message(), "");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  RawClient client;  // has its descriptor already
  const int lowest_free = ::dup(client.fd());
  ::close(lowest_free);
  const rlimit none_left{static_cast<rlim_t>(lowest_free), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  ASSERT_TRUE(client.connect(port()));
  const bool failed = eventually([this] { return counters().accept_errors > 0; });
  const auto errors = counters().accept_errors.load();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(failed);
  EXPECT_LE(errors, 3U);
  EXPECT_EQ(fresh_request().status(), 200);
}

TEST_F(ServerTest, SaysWhyItCannotStart) {
  const auto error_of = [](const ServerOptions& options) {
    const auto started = Server::start(options);
    return started ? "" : started.error().message;
  };
  ServerOptions bad_address = options();
  bad_address.endpoints[0].address = "nowhere";
  EXPECT_THAT(error_of(bad_address), HasSubstr("'nowhere' is not an IP address"));
  ServerOptions foreign_address = options();
  foreign_address.endpoints[0].address = "192.0.2.1";
  EXPECT_THAT(error_of(foreign_address), HasSubstr("Cannot listen on 192.0.2.1"));
  ServerOptions no_identity = options();
  no_identity.identities.clear();
  EXPECT_THAT(error_of(no_identity), HasSubstr("needs a server certificate"));
}

TEST_F(ServerTest, StopsWithConnectionsInEveryState) {
  start();
  RawClient silent(port());
  TlsClient idle(port());
  ASSERT_TRUE(idle.handshake());
  TlsClient reading(port());
  ASSERT_TRUE(reading.handshake());
  ASSERT_TRUE(reading.send("GET / HT"));
  server_->stop(std::chrono::milliseconds(10));
  EXPECT_EQ(counters().open, 0U);
  server_->stop(std::chrono::milliseconds(10));
}

TEST_F(ServerTest, ListensOnBothKindsOfAddresses) {
  ServerOptions both = options();
  both.endpoints[0].address = "::";
  auto started = Server::start(both);
  if (!started) GTEST_SKIP() << "no IPv6 here: " << started.error().message;
  server_ = std::move(*started);
  EXPECT_EQ(fresh_request().status(), 200);
  EXPECT_EQ(handler_.seen().back().peer_address, "127.0.0.1");
}

}  // namespace
}  // namespace muster::server::test
