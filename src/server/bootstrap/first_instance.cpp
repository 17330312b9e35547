#include "server/bootstrap/first_instance.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "hub/policies.h"
#include "model/etag.h"
#include "wire/connection_string.h"

namespace muster::server {
namespace {

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::string_view kOwnerPolicy = "provisioningserviceowner";  // service-api.md 1.3
constexpr std::string_view kHubOwnerPolicy = "iothubowner";            // hub-api.md 1.2

model::InstanceConfig make_instance(const FirstInstanceOptions& options, TimePoint now, Random& random) {
  model::InstanceConfig config;
  config.instance.id_scope = model::make_id_scope(random);
  config.instance.id = model::id_key(config.instance.id_scope);
  config.instance.name = "muster";
  config.instance.service_host = to_lower(options.service_host);
  config.instance.etag = model::make_etag(random);
  config.instance.created = now;
  config.policies.push_back(model::make_owner_policy(random));
  model::LinkedHub hub;
  hub.host_name = to_lower(options.local_hub);
  config.hubs.push_back(std::move(hub));
  config.complete_hub_policies(random);
  return config;
}

/// Hubs that were linked before hubs had policies.
Task<Result<void>> complete_policies(store::Store& store, model::InstanceId instance, Random& random) {
  const auto config = co_await store.config(instance);
  if (!config) co_return std::unexpected(config.error());
  model::InstanceConfig completed = **config;
  if (!completed.complete_hub_policies(random)) co_return Result<void>();
  co_return co_await store.change_instance(instance, [&random](const model::InstanceConfig* current) {
    model::InstanceConfig next = *current;
    next.complete_hub_policies(random);
    return Result<model::InstanceConfig>(std::move(next));
  });
}

template <class Policy>
Result<void> write_connection_string(const std::string& host, std::uint16_t port, const Policy& policy,
                                     const std::filesystem::path& path) {
  wire::ConnectionString value{port == kHttpsPort ? host : fmt::format("{}:{}", host, port), policy.name,
                               policy.primary_key};
  std::string text = wire::format_connection_string(value) + "\n";
  auto written = write_file(path, text, FileAccess::kOwner);
  wipe(text);
  return written;
}

}  // namespace

Task<Result<std::shared_ptr<const model::InstanceConfig>>> ensure_first_instance(store::Store& store,
                                                                                 FirstInstanceOptions options,
                                                                                 const Clock& clock, Random& random) {
  auto instances = co_await store.list_instances();
  if (!instances) co_return std::unexpected(instances.error());
  model::InstanceId id;
  if (instances->empty()) {
    model::InstanceConfig config = make_instance(options, clock.now(), random);
    id = config.instance.id;
    log_info("instance.created", {{"idScope", config.instance.id_scope}, {"hub", config.hubs.front().host_name}});
    if (auto created = co_await store.create_instance(std::move(config)); !created) {
      co_return std::unexpected(created.error());
    }
  } else {
    for (const auto& instance : *instances) {
      if (auto completed = co_await complete_policies(store, instance.id, random); !completed) {
        co_return std::unexpected(completed.error());
      }
    }
    id = std::ranges::min(*instances, {}, &model::Instance::created).id;
  }
  co_return co_await store.config(id);
}

Result<void> write_owner_connection_string(const model::InstanceConfig& config, const std::string& host,
                                           std::uint16_t port, const std::filesystem::path& path) {
  const auto* policy = config.find_policy(kOwnerPolicy);
  return policy == nullptr ? Result<void>() : write_connection_string(host, port, *policy, path);
}

Result<void> write_hub_connection_string(const model::InstanceConfig& config, const std::string& hub,
                                         std::uint16_t port, const std::filesystem::path& path) {
  const model::HubPolicy* policy = hub::find_policy(config, hub, kHubOwnerPolicy);
  return policy == nullptr ? Result<void>() : write_connection_string(hub, port, *policy, path);
}

}  // namespace muster::server
