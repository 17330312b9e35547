#include "server/api/hub_policy_api.h"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/etag.h"
#include "model/ids.h"
#include "server/api/management_json.h"
#include "server/api/management_path.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::HubPolicies;
using model::InstanceConfig;

/// The hub that the call names, with its policies; end() when it is not served here.
HubPolicies::const_iterator find_hub(const ApiCall& call) {
  return call.config->hub_policies.find(model::id_key(call.arguments[3]));
}

json::object to_json(const ApiCall& call, const InstanceConfig& config, std::string_view host_name) {
  return served_hub_to_json(host_name, config.instance.etag,
                            fmt::format("{}/hubs/{}", instance_resource_id(call), host_name));
}

}  // namespace

std::vector<Route> HubPolicyApi::routes() {
  const auto route = [this](std::string method, std::vector<std::string> path,
                            Task<ApiResult> (HubPolicyApi::*handler)(const ApiCall&)) {
    return Route{std::move(method), std::move(path), model::Right::kServiceConfig,
                 [this, handler](const ApiCall& call) -> Task<ApiResult> {
                   if (!names_instance(call)) co_return no_such_instance();
                   co_return co_await (this->*handler)(call);
                 }};
  };
  return {
      route("GET", below_instance({"hubs"}), &HubPolicyApi::list_hubs),
      route("GET", below_instance({"hubs", "{}"}), &HubPolicyApi::get_hub),
      route("PUT", below_instance({"hubs", "{}"}), &HubPolicyApi::put_hub),
      route("POST", below_instance({"hubs", "{}", "listkeys"}), &HubPolicyApi::list_keys),
      route("POST", below_instance({"hubs", "{}", "keys", "{}", "listkeys"}), &HubPolicyApi::list_keys),
  };
}

Task<ApiResult> HubPolicyApi::list_hubs(const ApiCall& call) {
  json::array value;
  for (const auto& [host_name, policies] : call.config->hub_policies) {
    value.push_back(to_json(call, *call.config, host_name));
  }
  co_return json_response(200, json::serialize(json::object{{"value", std::move(value)}}));
}

Task<ApiResult> HubPolicyApi::get_hub(const ApiCall& call) {
  const auto hub = find_hub(call);
  if (hub == call.config->hub_policies.end()) co_return no_such("Hub");
  co_return json_response(200, json::serialize(to_json(call, *call.config, hub->first)));
}

Task<ApiResult> HubPolicyApi::put_hub(const ApiCall& call) {
  const auto hub = find_hub(call);
  if (hub == call.config->hub_policies.end()) co_return no_such("Hub");
  const std::string host_name = hub->first;
  auto properties = read_properties(call);
  if (!properties) co_return std::unexpected(properties.error());

  auto change = [this, host_name, properties = std::move(*properties),
                 match = if_match(call)](const InstanceConfig* current) -> Result<InstanceConfig> {
    if (current == nullptr) return fail(ErrorCode::kNotFound, "Instance not found.");
    if (!match.is_absent()) {
      if (auto matched = match.check_put(&current->instance.etag); !matched) return std::unexpected(matched.error());
    }
    InstanceConfig next = *current;
    auto policies = apply_hub_put(next.hub_policies[host_name], properties, random_);
    if (!policies) return std::unexpected(policies.error());
    next.hub_policies[host_name] = *std::move(policies);
    next.instance.etag = model::make_etag(random_);
    return next;
  };
  const model::InstanceId& instance = call.config->instance.id;
  if (auto changed = co_await store_.change_instance(instance, std::move(change)); !changed) {
    co_return refuse(changed.error());
  }
  const auto config = co_await store_.config(instance);
  if (!config) co_return refuse(config.error());
  co_return json_response(200, json::serialize(to_json(call, **config, host_name)));
}

Task<ApiResult> HubPolicyApi::list_keys(const ApiCall& call) {
  const auto hub = find_hub(call);
  if (hub == call.config->hub_policies.end()) co_return no_such("Hub");
  const auto& policies = hub->second;
  if (call.arguments.size() > 4) {
    const auto policy = std::ranges::find(policies, call.arguments[4], &model::HubPolicy::name);
    if (policy == policies.end()) co_return no_such("Policy");
    co_return json_response(200, json::serialize(policy_to_json(*policy)));
  }
  json::array value;
  for (const auto& policy : policies) value.push_back(policy_to_json(policy));
  co_return json_response(200, json::serialize(json::object{{"value", std::move(value)}}));
}

}  // namespace muster::server
