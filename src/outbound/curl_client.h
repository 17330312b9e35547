#pragma once

#include <memory>

#include "outbound/http.h"

namespace muster::outbound {

/// Requests over libcurl on a thread of their own. Connections are kept; each peer gets at most
/// `max_connections_per_host` of them, and what waits for one counts towards its own time limit.
///
/// Lifecycle: the thread runs from construction to stop(). Whoever awaits answers is stopped after it and before the
/// destruction.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(HttpOptions options);
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  Task<Result<HttpResponse>> send(HttpRequest request) override;

  /// Ends all open requests with kUnavailable, and every later one at once, so that no awaiting task is left behind.
  /// Called by one thread; again without effect.
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace muster::outbound
