#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/message.h"
#include "server/http/request_reader.h"
#include "server/http/response_writer.h"
#include "server/net/connection.h"

namespace muster::server {

/// What may be spoken over WebSocket at an endpoint, by the name that clients ask for in Sec-WebSocket-Protocol.
struct SubProtocol {
  std::string_view name;  ///< a literal
  Protocol& protocol;     ///< outlives the server
};

/// What is common to all HTTP connections of an endpoint.
struct HttpSettings {
  std::size_t head_limit = std::size_t{16} * 1024;  ///< octets of request line and headers; beyond: 431
  /// What may be spoken over WebSocket; with none, a request for one is a request like any other.
  std::vector<SubProtocol> sub_protocols = {};
};

/// HTTP/1.1 on one connection: requests one after the other, answers in their order. A request for a WebSocket is the
/// last one; from then on the connection is one of the sub-protocol.
class Session final : public Connection {
 public:
  Session(std::unique_ptr<Stream> stream, std::string peer_address, const ConnectionEnvironment& environment,
          HttpHandler& handler, const HttpSettings& settings);

  void stop() override;
  void cut() override;

 private:
  /// Nothing: the peer went away.
  using Incoming = std::expected<HttpRequest, std::optional<Refusal>>;

  asio::awaitable<void> serve() override;
  asio::awaitable<bool> serve_request();
  asio::awaitable<bool> await_first_octets();
  asio::awaitable<Incoming> read_request(RequestReader& reader);
  asio::awaitable<bool> send_continue();
  asio::awaitable<bool> upgrade(const HttpRequest& request);
  asio::awaitable<void> refuse(Refusal refusal, std::vector<std::pair<std::string, std::string>> headers = {});
  asio::awaitable<bool> send(const HttpResponse& response, ConnectionHeader connection, BodyOctets body);

  ConnectionHeader connection_after(const RequestReader& reader, const HttpResponse& response) const;

  HttpHandler& handler_;
  const HttpSettings& settings_;
  std::string inbox_;  ///< received, not yet understood
  bool served_one_ = false;
  std::unique_ptr<Connection> upgraded_;  ///< what goes on with the stream
};

/// HTTP/1.1 at an endpoint.
class HttpProtocol final : public Protocol {
 public:
  /// `handler` outlives this.
  explicit HttpProtocol(HttpHandler& handler, HttpSettings settings = {})
      : handler_(handler), settings_(std::move(settings)) {}

  std::unique_ptr<Connection> connect(std::unique_ptr<Stream> stream, std::string peer_address,
                                      const ConnectionEnvironment& environment) override;

 private:
  HttpHandler& handler_;
  const HttpSettings settings_;
};

}  // namespace muster::server
