#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace muster::cli {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string url;  ///< absolute, https
  HttpHeaders headers = {};
  std::string body = {};  ///< sent when not empty; PUT and POST send Content-Length: 0 without one
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers = {};
  std::string body = {};

  /// The first header of this name, without regard to case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] bool success() const { return status >= 200 && status < 300; }
};

/// Sends one request and waits for the answer. kUnavailable when there is none. The clients take it as a value, so that
/// they are tested without a network.
using HttpSend = std::function<Result<HttpResponse>(const HttpRequest&)>;

}  // namespace muster::cli
