#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "base/clock.h"
#include "muster/http.h"
#include "wire/connection_string.h"

namespace muster::cli {

/// Calls with a shared access policy: host and key of a connection string, a token of ten minutes for each request
/// (service-api.md 1.2), and one api-version. What the service API and the management API have in common.
class SignedClient {
 public:
  /// `clock` outlives the client.
  SignedClient(wire::ConnectionString connection, std::string api_version, HttpSend send, const Clock& clock);

  struct Call {
    std::string method;
    std::string path;  ///< begins with '/', percent-encoded
    HttpHeaders headers = {};
    std::string body = {};
    std::string content_type = "application/json; charset=utf-8";  ///< of the body; empty: not told
    std::string accept = "application/json";
  };
  /// The answer whatever its status; kUnavailable when there is none.
  [[nodiscard]] Result<HttpResponse> send(const Call& call) const;
  /// The JSON of a success answer (json_from); any other status is an error.
  [[nodiscard]] Result<boost::json::value> fetch(const Call& call) const;

 private:
  wire::ConnectionString connection_;
  std::string api_version_;
  HttpSend send_;
  const Clock& clock_;
};

/// "HOST:PORT" or "[::1]:PORT" without the port.
std::string_view without_port(std::string_view host);

/// The If-Match header of a conditional change; none for an empty etag.
HttpHeaders if_match(std::string_view etag);

/// The `etag` member of a resource; "" when it has none.
std::string etag_of(const boost::json::value& resource);

}  // namespace muster::cli
