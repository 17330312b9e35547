#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.h"

namespace muster::provisioning {

/// Octets of an answer that are read (service-api.md 9).
inline constexpr std::size_t kMaxWebhookAnswer = std::size_t{96} * 1024;

/// What a webhook answers with status 200 (service-api.md 9).
struct WebhookAnswer {
  std::string hub;                                  ///< as the webhook spelt it; may be none that is linked
  std::optional<boost::json::object> initial_twin;  ///< tags and properties.desired within the limits of twins
  std::optional<boost::json::value> payload;        ///< for the device
};

/// Reads a body from a peer; never throws. Null stands for what is not given, and unknown members are ignored.
/// kInvalidArgument: not an object, no host name, or a twin that no hub would take; the message says which.
Result<WebhookAnswer> read_webhook_answer(std::string_view body);

}  // namespace muster::provisioning
