#pragma once

#include <vector>

#include "hub/event_log.h"
#include "server/hub_api/hub_call.h"

namespace muster::server {

/// The messages of a hub's devices for those who work with them (hub-api.md 6.3):
/// `GET /events?consumer=a&after=123&max=500&wait=30` gives lines of JSON. Thread-safe; the log outlives it.
class EventApi {
 public:
  explicit EventApi(hub::EventLog& log) : log_(log) {}

  [[nodiscard]] std::vector<HubRoute> routes();

 private:
  Task<HubResult> read(const HubCall& call);

  hub::EventLog& log_;
};

}  // namespace muster::server
