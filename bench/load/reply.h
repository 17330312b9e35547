#pragma once

#include <chrono>
#include <string_view>

namespace muster::bench {

/// One answer of the server, on any transport: what HTTP has in its status, headers and body.
struct Reply {
  int status = 0;
  std::chrono::seconds retry_after{0};
  std::string_view body;  ///< valid until the next request on the connection
};

/// Reads the answer to one request out of everything that has come since; false until all of it is there.
using ReadReply = bool (*)(std::string_view inbox, Reply& reply);

/// HTTP/1.1: both servers send Content-Length with everything that has a body.
bool read_http_reply(std::string_view inbox, Reply& reply);

/// MQTT: CONNACK (its code as status), SUBACK (status 0) or a response of the device API (device-api.md 6.5), a PUBACK
/// in front of it passed over. What is malformed has status -1.
bool read_mqtt_reply(std::string_view inbox, Reply& reply);

/// MQTT, of a client with several messages on their way: how many PUBACKs have come; a CONNACK alone is 0, and anything
/// else, or a CONNACK that refuses, -1.
bool read_mqtt_acknowledgements(std::string_view inbox, Reply& reply);

/// AMQP: what ends the answer to each step of a device: mechanisms, outcome, open, begin, attach of its receiver,
/// credit for its sender (status 0), or the transfer of a response. What is malformed or refused has status -1.
bool read_amqp_reply(std::string_view inbox, Reply& reply);

}  // namespace muster::bench
