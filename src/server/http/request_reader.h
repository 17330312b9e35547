#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace muster::server {

/// Why a request is not answered by a route: the arguments of HttpHandler::refuse.
struct Refusal {
  int status = 400;
  std::string reason;

  bool operator==(const Refusal&) const = default;
};

/// Reads one HTTP/1.0 or HTTP/1.1 request (RFC 9112) out of octets as they come. No input or output of its own.
///
/// Refused are: what RFC 9112 calls malformed or ambiguous, so that no proxy in front can see another request than we
/// (Content-Length next to Transfer-Encoding, any coding but chunked, two or no Host headers): 400; heads beyond the
/// limit: 431; bodies beyond HttpHandler::body_limit: 413. After a refusal the reader is of no more use.
class RequestReader {
 public:
  /// `handler` outlives the reader; `head_limit` in octets.
  RequestReader(const HttpHandler& handler, std::size_t head_limit);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Takes octets up to the end of the request at most and returns how many. The others must come again, with more
  /// behind them.
  std::expected<std::size_t, Refusal> feed(std::string_view octets);

  [[nodiscard]] bool head_complete() const;
  [[nodiscard]] bool complete() const;
  /// The client waits for "100 Continue" before it sends the body (RFC 9110 section 10.1.1).
  [[nodiscard]] bool expects_continue() const;
  /// The connection may serve another request (RFC 9112 section 9.3).
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_http10() const;

  /// The request, once complete(); peer address and certificates are not filled in.
  HttpRequest take();

 private:
  class Parser;
  std::expected<std::size_t, Refusal> feed_head(std::string_view octets);
  std::expected<std::size_t, Refusal> put(std::string_view octets);

  std::unique_ptr<Parser> parser_;
  std::size_t head_limit_;
  std::size_t head_size_ = 0;
};

}  // namespace muster::server
