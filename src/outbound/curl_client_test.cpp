#include "outbound/curl_client.h"

#include <latch>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/descriptor.h"
#include "base/task.h"

namespace muster::outbound {
namespace {

/// A socket of 127.0.0.1 with a port of its own.
class Port {
 public:
  Port() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    number_ = ntohs(address.sin_port);
  }

  /// From now on connections are made, and nobody answers.
  void listen() { EXPECT_EQ(::listen(socket_.get(), 16), 0); }
  /// Waits for a connection.
  Descriptor accept() { return Descriptor(::accept(socket_.get(), nullptr, nullptr)); }
  [[nodiscard]] HttpRequest request() const {
    return {.method = "GET", .url = fmt::format("https://127.0.0.1:{}/", number_)};
  }

 private:
  Descriptor socket_;
  int number_ = 0;
};

TEST(CurlClient, ARefusedConnectionIsUnavailableAndTheTaskGoesOnWhereItWas) {
  const Port nobody;
  CurlClient client({});
  BlockingExecutor executor;
  const auto thread = std::this_thread::get_id();
  const auto ask = [&]() -> Task<Result<HttpResponse>> {
    auto response = co_await client.send(nobody.request());
    EXPECT_EQ(std::this_thread::get_id(), thread);
    co_return response;
  };
  const auto response = executor.run(ask());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST(CurlClient, TellsWhetherThePeerCanHaveSeenTheRequest) {
  const Port nobody;
  CurlClient client({});
  const auto refused = wait_for(client.send(nobody.request()));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(was_not_sent(refused.error()));

  Port silent;
  silent.listen();
  HttpRequest request = silent.request();
  request.timeout = std::chrono::milliseconds(50);
  const auto lost = wait_for(client.send(std::move(request)));
  ASSERT_FALSE(lost);
  EXPECT_TRUE(was_not_sent(lost.error())) << "without TLS the peer has seen nothing of it";
}

TEST(CurlClient, AddressesThatAreRefusedAreNotConnectedToWhateverTheyAreCalled) {
  Port open;
  open.listen();
  CurlClient client({.connect_to = {"named.test::127.0.0.1:"},
                     .refused_networks = {parse_ip_network("127.0.0.0/8").value(), parse_ip_network("::1").value()}});
  const std::string port = open.request().url.substr(std::string("https://127.0.0.1:").size());
  for (const char* host :
       {"127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "named.test"}) {
    const auto response = wait_for(client.send({.method = "GET", .url = fmt::format("https://{}:{}", host, port)}));
    ASSERT_FALSE(response) << host;
    EXPECT_THAT(response.error().message, testing::HasSubstr("may not be connected to")) << host;
    EXPECT_FALSE(was_not_sent(response.error())) << "it makes no sense to try again";
  }
}

TEST(CurlClient, APeerThatNeverAnswersCostsTheTimeoutOfTheRequest) {
  Port silent;
  silent.listen();
  CurlClient client({});
  HttpRequest request = silent.request();
  request.timeout = std::chrono::milliseconds(50);
  const auto response = wait_for(client.send(std::move(request)));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message, testing::HasSubstr("127.0.0.1"));
}

TEST(CurlClient, StopEndsWhatIsOpenAndWhatComesAfter) {
  Port silent;
  silent.listen();
  CurlClient client({});
  std::vector<Result<HttpResponse>> ended;
  start(client.send(silent.request()), [&](Result<HttpResponse> result) { ended.push_back(std::move(result)); });
  const Descriptor connected = silent.accept();
  client.stop();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].error().code, ErrorCode::kUnavailable);

  const auto late = wait_for(client.send(silent.request()));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kUnavailable);
}

TEST(CurlClient, MoreRequestsThanConnectionsWaitForTheirTurn) {
  constexpr int kRequests = 100;
  const Port nobody;
  CurlClient client({.max_connections_per_host = 2});
  std::latch ended(kRequests);
  for (int i = 0; i < kRequests; ++i) {
    start(client.send(nobody.request()), [&](const Result<HttpResponse>& result) {
      EXPECT_FALSE(result);
      ended.count_down();
    });
  }
  ended.wait();
}

}  // namespace
}  // namespace muster::outbound
