#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace muster::wire::amqp {

/// What counts of a message that came (AMQP 1.0 section 3.2).
struct Message {
  Bytes correlation_id = {};  ///< as encoded, of whatever type; empty: none
  std::vector<std::pair<std::string, std::string>> properties =
      {};                 ///< application properties that are texts or whole numbers
  std::string body = {};  ///< data sections in a row, or a text or binary as amqp-value; empty for other kinds

  /// nullopt: there is none of this name.
  [[nodiscard]] std::optional<std::string_view> property(std::string_view name) const;
};

/// kInvalidArgument for octets that are no message. Sections must be known, not in order.
Result<Message> decode_message(ByteView octets);

/// An answer of the device API (device-api.md 7.4).
struct Response {
  ByteView correlation_id = {};  ///< as it came; empty: none
  std::optional<std::chrono::seconds> retry_after = {};
  std::string_view body = {};
};

Bytes encode_response(const Response& response);

/// A request of the device API (device-api.md 7.4).
struct Request {
  std::string_view operation;          ///< iotdps-operation-type
  std::string_view operation_id = {};  ///< empty: none
  std::string_view correlation_id = {};
  std::string_view body = {};
};

Bytes encode_request(const Request& request);

}  // namespace muster::wire::amqp
