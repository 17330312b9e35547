#pragma once

#include "base/random.h"
#include "model/hub_message.h"
#include "server/http/message.h"

namespace muster::server {

/// The message that a request holds: its body, and properties in headers (hub-api.md 4): `iothub-messageid` (made here
/// when it is missing), `iothub-correlationid`, `iothub-userid`, `iothub-to`, `iothub-expiry` (a time), `iothub-ack`,
/// `iothub-app-{name}`, `Content-Type`, `Content-Encoding`. kInvalidArgument names the header, kTooLarge for more than
/// 64 KB of body or 8 KB of properties.
Result<model::HubMessage> read_message(const HttpRequest& request, std::string device_id, TimePoint now,
                                       Random& random);

}  // namespace muster::server
