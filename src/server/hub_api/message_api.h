#pragma once

#include <vector>

#include "base/random.h"
#include "hub/device_messages.h"
#include "server/hub_api/hub_call.h"

namespace muster::server {

/// Messages to a hub's devices from those who run them: `POST /devices/{id}/messages/devicebound`, in the words that
/// Azure's HTTPS interface has for messages (hub-api.md 4), and the purge of what waits (1.4). Azure's SDKs send over
/// AMQP, which is not spoken here. Thread-safe; what it refers to outlives it.
class MessageApi {
 public:
  struct Parts {
    hub::Registry& registry;
    hub::DeviceMessages& messages;
    Random& random;
  };

  explicit MessageApi(Parts parts) : parts_(parts) {}

  [[nodiscard]] std::vector<HubRoute> routes();

 private:
  Task<HubResult> send(const HubCall& call);
  Task<HubResult> purge(const HubCall& call);

  Parts parts_;
};

}  // namespace muster::server
