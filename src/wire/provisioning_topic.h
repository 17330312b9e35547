#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::wire {

/// A request of the device API on MQTT (device-api.md 6.5).
struct ProvisioningTopic {
  std::string request_id;         ///< what the response repeats, as it was sent
  std::string operation_id = {};  ///< of a status request; empty: a register request

  bool operator==(const ProvisioningTopic&) const = default;
};

/// kInvalidArgument for any other topic.
Result<ProvisioningTopic> parse_provisioning_topic(std::string_view topic);

std::string register_topic(std::string_view request_id);
std::string status_topic(std::string_view request_id, std::string_view operation_id);

/// Where the answer goes. `$rid` is its first parameter and holds the only other `$`; `retry-after` is in lower case
/// and last: clients cut the topic at these places.
std::string provisioning_response_topic(int status, std::string_view request_id,
                                        std::optional<std::chrono::seconds> retry_after);

/// What a device reads from the topic of a response.
struct ProvisioningResponseTopic {
  int status = 0;  ///< as of HTTP
  std::string request_id;
  std::optional<std::chrono::seconds> retry_after = {};

  bool operator==(const ProvisioningResponseTopic&) const = default;
};

/// kInvalidArgument for any other topic.
Result<ProvisioningResponseTopic> parse_provisioning_response_topic(std::string_view topic);

}  // namespace muster::wire
