#pragma once

#include <chrono>
#include <string>

#include <boost/json/value.hpp>

#include "muster/http.h"

namespace muster::cli {

/// The error that a non-success answer states: "409201 Enrollment already exists. (tracking id ...)" from a body of the
/// provisioning APIs (service-api.md 7.1) or the management API (8.5); with any other body "HTTP 502". Members are read
/// leniently; the body itself is never shown, as a faulty peer might echo credentials.
Error error_from(const HttpResponse& response);

/// The JSON body of a success answer; null for an empty body. Any other status is error_from(); a body that is not JSON
/// is kInternal.
Result<boost::json::value> json_from(const HttpResponse& response);

/// The pause a server asks for: whole seconds, 1 to 300 (device-api.md 9); `fallback` for an absent or other value.
std::chrono::seconds retry_after(const HttpResponse& response, std::chrono::seconds fallback);

/// What an error body says, for those who show its parts.
struct ErrorBody {
  std::string code;  ///< "409201"; of the management API a word; empty when absent
  std::string message;
  std::string tracking_id;
};
ErrorBody error_body_of(const HttpResponse& response);

}  // namespace muster::cli
