#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "crypto/certificate.h"

namespace muster::server {

/// What octets travel over.
enum class Transport { kTls, kPlain };

/// The certificates a peer presented and proved in the TLS handshake; the leaf first, then what it sent along. Nothing
/// about them has been judged (device-api.md 2.2).
struct ClientCertificates {
  crypto::Certificate leaf;
  std::vector<crypto::Certificate> chain;
};

/// One request, read to its end.
struct HttpRequest {
  std::string method;  ///< upper case as received
  std::string target;  ///< origin form, as received
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string peer_address;  ///< textual IP address of the TCP peer, without port
  std::optional<ClientCertificates> client;

  /// The first header of this name, without regard to case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// One answer. The session adds Date, Content-Length (none for 204), Strict-Transport-Security and Connection.
struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names go out exactly as spelt (service-api.md 0)
  std::string body;
  bool close = false;  ///< close the connection after this answer
};

/// Answers requests. Called on the connection's thread; several connections at once. Outlives the server.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// `body_limit` of a request is asked for as soon as its head has been read: octets.
  [[nodiscard]] virtual std::size_t body_limit(std::string_view method, std::string_view target) const = 0;
  /// The request outlives the task.
  virtual Task<HttpResponse> handle(const HttpRequest& request) = 0;
  /// The answer to what is no proper request: 400 (malformed), 408 (too slow), 413 (body), 426 (other
  /// version of WebSocket), 431 (head), 503 (overload).
  [[nodiscard]] virtual HttpResponse refuse(int status, std::string_view reason) const = 0;
};

}  // namespace muster::server
