#pragma once

#include <memory>

#include "outbound/http.h"

namespace muster::outbound {

/// HTTPS for programs that do one thing after the other. Connections are kept for the next request. One thread at a
/// time.
class BlockingClient {
 public:
  explicit BlockingClient(HttpOptions options);

  /// As HttpClient::send(); kUnsupported when a certificate, key or CA file of the options cannot be used for TLS.
  Result<HttpResponse> send(const HttpRequest& request);

 private:
  struct Close {
    void operator()(void* handle) const;
  };

  HttpOptions options_;
  std::unique_ptr<void, Close> handle_;  ///< CURL*
};

}  // namespace muster::outbound
