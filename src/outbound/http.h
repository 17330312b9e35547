#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_network.h"
#include "base/result.h"
#include "base/task.h"

namespace muster::outbound {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string url;  ///< absolute, https
  HttpHeaders headers = {};
  std::string body = {};                   ///< sent when not empty; PUT and POST send Content-Length: 0 without one
  std::chrono::milliseconds timeout = {};  ///< from start to end; zero: that of the client's options
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers = {};
  std::string body = {};

  /// The first header of this name, without regard to case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] bool success() const { return status >= 200 && status < 300; }
};

/// How a client reaches and trusts its peers.
struct HttpOptions {
  std::string ca_file = {};  ///< trusted certificates (PEM)
  /// Whether the system's certificates are trusted besides those of `ca_file`; without a file they always are.
  bool trust_system = false;
  /// Where to connect to in place of what the URL says, in libcurl's form HOST:PORT:ADDRESS:PORT (connect_to.h).
  std::vector<std::string> connect_to = {};
  std::string certificate = {};  ///< client certificate with its chain (PEM file); empty: none
  std::string private_key = {};  ///< its key (PEM file)
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};      ///< of one request from start to end
  std::size_t max_response = 16UL * 1024 * 1024;  ///< octets of a body
  /// Addresses that are never connected to, whatever a name resolves to: looked at when the connection is made.
  std::vector<IpNetwork> refused_networks = {};
  std::size_t max_connections_per_host = 8;  ///< further requests wait; for HttpClient only
  std::string untrusted_hint = {};           ///< appended to the message on a certificate that is not trusted
};

/// Whether no connection was made for the request, so that it may be sent again without harm.
bool was_not_sent(const Error& error);
/// What marks such an error: its detail.
inline constexpr std::string_view kNotConnected = "not connected";

/// Requests to other services that do not block the caller's thread. Thread-safe.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// kUnavailable when no complete answer came: the message names the host and the reason, never a header or body;
  /// was_not_sent() tells whether the peer can have seen the request.
  /// An answer with any status is a response, redirects too: they are not followed.
  virtual Task<Result<HttpResponse>> send(HttpRequest request) = 0;
};

}  // namespace muster::outbound
