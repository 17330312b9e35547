#include "server/hub_api/message_api.h"

#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "server/api/api_call.h"
#include "server/hub_api/message_request.h"

namespace muster::server {

std::vector<HubRoute> MessageApi::routes() {
  return {{"POST",
           {"devices", "{}", "messages", "devicebound"},
           {model::HubRight::kServiceConnect},
           [this](const HubCall& call) { return send(call); }},
          {"DELETE", {"devices", "{}", "commands"}, {model::HubRight::kRegistryWrite}, [this](const HubCall& call) {
             return purge(call);
           }}};
}

/// 204 when the message is on disk, with its id.
Task<HubResult> MessageApi::send(const HubCall& call) {
  auto message = read_message(call.request, call.arguments[0], call.at, parts_.random);
  if (!message) co_return refuse_hub(message.error());
  HttpResponse response{204, {{"iothub-messageid", std::string(model::message_id(*message))}}, {}};
  const auto sent = co_await parts_.messages.send(call.hub, *std::move(message));
  if (sent) co_return response;
  if (sent.error().code != ErrorCode::kLimitExceeded) co_return refuse_hub(sent.error());
  co_return std::unexpected(HubError{403, 403004, "DeviceMaximumQueueDepthExceeded", sent.error().message});
}

Task<HubResult> MessageApi::purge(const HubCall& call) {
  const auto device = co_await parts_.registry.get(call.hub, call.arguments[0]);
  if (!device) co_return refuse_hub(device.error());
  const auto count = co_await parts_.messages.purge(call.hub, device->device_id);
  if (!count) co_return refuse_hub(count.error());
  co_return json_response(200, boost::json::serialize(boost::json::object{{"totalMessagesPurged", *count},
                                                                          {"deviceId", device->device_id}}));
}

}  // namespace muster::server
