#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "server/http/message.h"

namespace muster::server {

/// A refusal of a hub: HTTP status, the name that clients look for and its number (hub-api.md 1.8), and texts for the
/// peer and for the log.
struct HubError {
  int status = 500;
  int number = 500001;
  std::string name = "ServerError";
  std::string message;
  std::string detail = {};
  std::optional<std::chrono::seconds> retry_after = {};
};

/// What stands for a failure of a lower module: not found is the device, a conflict that it is there already.
HubError to_hub_error(const Error& error);

/// The answer that tells it: the envelope that holds the code in a text, header iothub-errorcode, Retry-After.
HttpResponse hub_error_response(const HubError& error, const std::string& tracking_id, TimePoint at);

inline std::unexpected<HubError> refuse_hub(const Error& error) {
  return std::unexpected(to_hub_error(error));
}

}  // namespace muster::server
