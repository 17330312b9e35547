#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "muster/http.h"

namespace muster::cli {

struct HttpClientOptions {
  std::string ca_file;      ///< trusted certificates (PEM) in place of the system's; empty: the system's
  std::string connect_to;   ///< ADDRESS[:PORT] to connect to whatever the URL says; empty: where the URL says
  std::string certificate;  ///< client certificate with its chain (PEM file); empty: none
  std::string private_key;  ///< its key (PEM file)
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};  ///< of one request from start to end
};

/// HTTPS over libcurl: TLS 1.2 or newer, server certificate and name always verified, redirects not followed, answers
/// up to 16 MiB. Connections are kept for the next request. One thread at a time.
class HttpClient {
 public:
  explicit HttpClient(const HttpClientOptions& options);

  /// kUnavailable when no complete answer came: the message names the host and curl's reason, never a header or body.
  /// kUnsupported when a certificate, key or CA file of the options cannot be used for TLS.
  Result<HttpResponse> send(const HttpRequest& request);

 private:
  struct Close {
    void operator()(void* handle) const;
  };

  HttpClientOptions options_;
  std::unique_ptr<void, Close> handle_;  ///< CURL*
};

/// A client that lives as long as the function made of it.
HttpSend make_http_send(const HttpClientOptions& options);

/// The value of libcurl's CONNECT_TO for ADDRESS[:PORT]; "" for an empty text. Without a port the URL's is kept.
std::string connect_to_entry(std::string_view address);

}  // namespace muster::cli
