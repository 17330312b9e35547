#pragma once

// For tests only: a server on 127.0.0.1 with a handler that tests can replace.
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "server/http/session.h"
#include "server/net/server.h"
#include "server/tls/test_client.h"

namespace muster::server::test {

inline constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
inline constexpr std::size_t kBodyLimit = 1000;

/// Answers with "METHOD target body" unless told otherwise, and remembers the requests.
class TestHandler final : public HttpHandler {
 public:
  std::function<Task<HttpResponse>(HttpRequest)> answer = [](HttpRequest request) { return echo(std::move(request)); };

  [[nodiscard]] std::size_t body_limit(std::string_view /*method*/, std::string_view /*target*/) const override {
    return kBodyLimit;
  }
  Task<HttpResponse> handle(const HttpRequest& request) override {
    {
      const std::scoped_lock lock(mutex_);
      seen_.push_back(request);
    }
    return answer(request);
  }
  [[nodiscard]] HttpResponse refuse(int status, std::string_view reason) const override {
    return {status, {{"Content-Type", "text/plain"}}, "refused: " + std::string(reason)};
  }
  std::vector<HttpRequest> seen() {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }

  static Task<HttpResponse> echo(HttpRequest request) {
    co_return HttpResponse{200, {}, request.method + " " + request.target + " " + request.body};
  }

 private:
  std::mutex mutex_;  // protects seen_
  std::vector<HttpRequest> seen_;
};

class ServerFixture : public ::testing::Test {
 protected:
  ServerOptions options() {
    std::vector<TlsIdentity> identities;
    identities.push_back(ecdsa_server().identity());
    return {
        .clock = clock_, .endpoints = {{"127.0.0.1", 0, protocol_}}, .threads = 2, .identities = std::move(identities)};
  }
  void start(const ServerOptions& options) {
    auto started = Server::start(options);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server_ = std::move(*started);
  }
  void start() { start(options()); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] const ServerCounters& counters() const { return server_->counters(); }

  /// One request on a connection of its own.
  HttpReply fresh_request() {
    TlsClient client(port());
    return client.handshake() ? client.ask(kGet) : HttpReply{};
  }

  /// Waits for what another thread is about to bring about.
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::yield();
    }
    return false;
  }
  bool all_closed() {
    return eventually([this] { return counters().open == 0; });
  }

  ManualClock clock_{kNow};
  TestHandler handler_;
  HttpProtocol protocol_{handler_};
  std::unique_ptr<Server> server_;
};

}  // namespace muster::server::test
