#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "outbound/http.h"

namespace muster::cli {

using outbound::HttpHeaders;
using outbound::HttpRequest;
using outbound::HttpResponse;

/// Sends one request and waits for the answer. kUnavailable when there is none. The clients take it as a value, so that
/// they are tested without a network.
using HttpSend = std::function<Result<HttpResponse>(const HttpRequest&)>;

/// How the clients of the command line reach a service, over HTTPS and every other transport.
struct HttpClientOptions {
  std::string ca_file;      ///< trusted certificates (PEM) in place of the system's; empty: the system's
  std::string connect_to;   ///< ADDRESS[:PORT] to connect to whatever the URL says; empty: where the URL says
  std::string certificate;  ///< client certificate with its chain (PEM file); empty: none
  std::string private_key;  ///< its key (PEM file)
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};  ///< of one request from start to end
};

/// A client that lives as long as the function made of it.
HttpSend make_http_send(const HttpClientOptions& options);

}  // namespace muster::cli
