#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "server/http/message.h"
#include "server/http/request_reader.h"
#include "server/http/response_writer.h"
#include "server/net/connection.h"

namespace muster::server {

/// What is common to all HTTP connections of an endpoint.
struct HttpSettings {
  std::size_t head_limit = std::size_t{16} * 1024;  ///< octets of request line and headers; beyond: 431
};

/// HTTP/1.1 on one connection: requests one after the other, answers in their order.
class Session final : public Connection {
 public:
  Session(std::unique_ptr<Stream> stream, std::string peer_address, const ConnectionEnvironment& environment,
          HttpHandler& handler, const HttpSettings& settings);

 private:
  /// Nothing: the peer went away.
  using Incoming = std::expected<HttpRequest, std::optional<Refusal>>;

  asio::awaitable<void> serve() override;
  asio::awaitable<bool> serve_request();
  asio::awaitable<bool> await_first_octets();
  asio::awaitable<Incoming> read_request(RequestReader& reader);
  asio::awaitable<bool> send_continue();
  asio::awaitable<void> refuse(Refusal refusal);
  asio::awaitable<bool> send(const HttpResponse& response, ConnectionHeader connection, BodyOctets body);

  HttpRequest complete(HttpRequest request) const;
  ConnectionHeader connection_after(const RequestReader& reader, const HttpResponse& response) const;

  HttpHandler& handler_;
  const HttpSettings& settings_;
  std::string inbox_;  ///< received, not yet understood
  bool served_one_ = false;
};

/// HTTP/1.1 at an endpoint.
class HttpProtocol final : public Protocol {
 public:
  /// `handler` outlives this.
  explicit HttpProtocol(HttpHandler& handler, HttpSettings settings = {}) : handler_(handler), settings_(settings) {}

  std::unique_ptr<Connection> connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                      const ConnectionEnvironment& environment) override;

 private:
  HttpHandler& handler_;
  const HttpSettings settings_;
};

}  // namespace muster::server
