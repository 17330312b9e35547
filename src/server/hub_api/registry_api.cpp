#include "server/hub_api/registry_api.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/item_query.h"
#include "model/json.h"
#include "server/api/api_call.h"
#include "server/hub_api/hub_bulk.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using hub::Registry;
using model::HubRight;

constexpr std::size_t kLargestList = 1000;  // hub-api.md 1.4

model::IfMatch if_match(const HubCall& call) {
  return model::IfMatch::parse(call.request.header("If-Match"));
}

/// Numbers that are none, or out of bounds, ask for the most (hub-api.md 1.4).
std::size_t read_top(const HubCall& call) {
  const auto text = call.target.parameter("top").value_or("");
  std::size_t top = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), top);
  const bool usable = error == std::errc() && end == text.data() + text.size() && top >= 1 && top <= kLargestList;
  return usable ? top : kLargestList;
}

}  // namespace

std::vector<HubRoute> RegistryApi::routes() {
  const auto to = [this](Task<HubResult> (RegistryApi::*method)(const HubCall&)) {
    return [this, method](const HubCall& call) { return (this->*method)(call); };
  };
  const auto twin_by = [this](Registry::TwinWrite how) {
    return [this, how](const HubCall& call) { return write_twin(call, how); };
  };
  const std::vector<HubRight> read{HubRight::kRegistryRead};
  const std::vector<HubRight> write{HubRight::kRegistryWrite};
  const std::vector<HubRight> serve{HubRight::kServiceConnect};
  return {
      {"GET", {"devices"}, read, to(&RegistryApi::list)},
      {"POST", {"devices"}, write, to(&RegistryApi::bulk)},
      {"POST", {"devices", "query"}, serve, to(&RegistryApi::query)},
      {"GET", {"devices", "{}"}, read, to(&RegistryApi::get)},
      {"PUT", {"devices", "{}"}, write, to(&RegistryApi::put)},
      {"DELETE", {"devices", "{}"}, write, to(&RegistryApi::remove)},
      {"GET", {"statistics", "devices"}, read, to(&RegistryApi::count)},
      {"GET", {"statistics", "service"}, read, to(&RegistryApi::count_connected)},
      {"GET", {"twins", "{}"}, serve, to(&RegistryApi::get_twin)},
      {"PATCH", {"twins", "{}"}, serve, twin_by(Registry::TwinWrite::kMerge)},
      {"PUT", {"twins", "{}"}, serve, twin_by(Registry::TwinWrite::kReplace)},
  };
}

hub::ConnectionState RegistryApi::connection(const HubCall& call, const std::string& device_id) const {
  return parts_.connections == nullptr ? hub::ConnectionState{} : parts_.connections->state(call.hub, device_id);
}

HttpResponse RegistryApi::identity(const HubCall& call, const model::HubDevice& device) const {
  HttpResponse response =
      json_response(200, json::serialize(identity_to_json(device, connection(call, device.device_id))));
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", device.etag));
  return response;
}

HttpResponse RegistryApi::twin(const HubCall& call, const model::HubDevice& device) const {
  HttpResponse response = json_response(200, json::serialize(twin_to_json(device, connection(call, device.device_id))));
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", twin_etag(device.twin)));
  return response;
}

Task<HubResult> RegistryApi::get(const HubCall& call) {
  auto device = co_await parts_.registry.get(call.hub, call.arguments[0]);
  if (!device) co_return refuse_hub(device.error());
  co_return identity(call, *device);
}

Task<HubResult> RegistryApi::list(const HubCall& call) {
  auto page = co_await parts_.store.list_hub_devices(call.hub.instance, call.hub.host, "", read_top(call));
  if (!page) co_return refuse_hub(page.error());
  json::array devices;
  devices.reserve(page->items.size());
  for (const auto& device : page->items) {
    devices.push_back(identity_to_json(device, connection(call, device.device_id)));
  }
  co_return json_response(200, json::serialize(devices));
}

Task<HubResult> RegistryApi::put(const HubCall& call) {
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse_hub(body.error());
  auto identity_put = hub::read_identity(*body, "deviceId", parts_.random);
  if (!identity_put) co_return refuse_hub(identity_put.error());
  if (identity_put->device_id != call.arguments[0]) {
    co_return refuse_hub({ErrorCode::kInvalidArgument, "deviceId: differs from the id in the path", {}});
  }
  auto stored = co_await parts_.registry.put(call.hub, *std::move(identity_put), if_match(call));
  if (!stored) co_return refuse_hub(stored.error());
  co_return identity(call, *stored);
}

Task<HubResult> RegistryApi::remove(const HubCall& call) {
  auto removed = co_await parts_.registry.remove(call.hub, call.arguments[0], if_match(call));
  if (!removed) co_return refuse_hub(removed.error());
  co_return HttpResponse{204, {}, {}};
}

Task<HubResult> RegistryApi::bulk(const HubCall& call) {
  auto items = read_hub_bulk(call.request.body, parts_.random);
  if (!items) co_return refuse_hub(items.error());
  const json::object result = co_await run_hub_bulk(parts_.registry, call.hub, *std::move(items));
  const bool successful = result.at("isSuccessful").as_bool();
  co_return json_response(successful ? 200 : 400, json::serialize(result));
}

Task<HubResult> RegistryApi::count(const HubCall& call) {
  const auto count = co_await parts_.store.count_hub_devices(call.hub.instance, call.hub.host);
  if (!count) co_return refuse_hub(count.error());
  co_return json_response(200, json::serialize(json::object{{"totalDeviceCount", count->all},
                                                            {"enabledDeviceCount", count->enabled},
                                                            {"disabledDeviceCount", count->all - count->enabled}}));
}

Task<HubResult> RegistryApi::count_connected(const HubCall& call) {
  const std::size_t count = parts_.connections == nullptr ? 0 : parts_.connections->connected(call.hub);
  co_return json_response(200, json::serialize(json::object{{"connectedDeviceCount", count}}));
}

Task<HubResult> RegistryApi::get_twin(const HubCall& call) {
  auto device = co_await parts_.registry.get(call.hub, call.arguments[0]);
  if (!device) co_return refuse_hub(device.error());
  co_return twin(call, *device);
}

Task<HubResult> RegistryApi::write_twin(const HubCall& call, Registry::TwinWrite how) {
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse_hub(body.error());
  auto stored = co_await parts_.registry.write_twin(call.hub, call.arguments[0], *std::move(body), how, if_match(call));
  if (!stored) co_return refuse_hub(stored.error());
  co_return twin(call, *stored);
}

Task<HubResult> RegistryApi::query(const HubCall& call) {
  auto query = read_hub_query(call.request);
  if (!query) co_return refuse_hub(query.error());
  const auto source = source_of(call, query->query);
  if (!source) co_return refuse_hub(source.error());
  const auto page = co_await run_hub_query(**source, *std::move(query));
  if (!page) co_return refuse_hub(page.error());
  co_return hub_query_response(*page);
}

Result<std::unique_ptr<QuerySource>> RegistryApi::source_of(const HubCall& call, const wire::Query& query) const {
  const std::string from = to_lower(fmt::format("{}", fmt::join(query.from, ".")));
  if (from == "devices.jobs") {
    const auto jobs = query.where ? model::required_texts(*query.where, {"jobId"}) : std::nullopt;
    const bool one = jobs && jobs->size() == 1;
    return std::make_unique<DeviceJobSource>(parts_.store, call.hub, one ? jobs->front() : "");
  }
  if (!from.empty() && from != "devices") {
    return invalid("query: only FROM devices and FROM devices.jobs are possible.");
  }
  return std::make_unique<TwinSource>(
      parts_.store, call.hub, [this, &call](const std::string& device_id) { return connection(call, device_id); });
}

}  // namespace muster::server
