#include "server/bootstrap/service.h"

#include <utility>

#include "base/log.h"
#include "server/hub_api/local_hubs.h"

namespace muster::server {

Result<std::unique_ptr<Service>> Service::open(Parts parts) {
  auto instances = wait_for(InstanceDirectory::load(parts.store));
  if (!instances) return std::unexpected(instances.error());
  std::unique_ptr<Service> service(new Service(parts, std::move(*instances)));
  auto resumed = wait_for(service->registrar_.resume_open_operations());
  if (!resumed) return std::unexpected(resumed.error());
  if (auto begun = service->begin_sinks(); !begun) return std::unexpected(begun.error());
  if (*resumed > 0) log_info("registration.resumed", {{"operations", std::to_string(*resumed)}});
  auto jobs = wait_for(service->job_runner_.resume());
  if (!jobs) return std::unexpected(jobs.error());
  if (*jobs > 0) log_info("hub.jobs-resumed", {{"jobs", std::to_string(*jobs)}});
  return service;
}

Service::Service(const Parts& parts, InstanceDirectory instances)
    : parts_(parts),
      instances_(std::move(instances)),
      live_devices_(parts.clock),
      local_hub_({parts.store, parts.clock, parts.random, &live_devices_}),
      azure_hubs_({parts.outbound, parts.clock, parts.random}, parts.hub_links),
      hubs_(local_hub_, azure_hubs_),
      observed_hub_(hubs_, parts.hub_metrics),
      attempts_(parts.store, parts.clock, parts.attempts),
      custom_allocation_({parts.webhook_http, parts.clock}, parts.webhooks),
      registrar_({parts.store, observed_hub_, parts.clock, parts.random, attempts_, parts.registration_observer,
                  parts.hub_patience, parts.geo, &custom_allocation_},
                 parts.attestation),
      enrollments_(parts.store, parts.random, parts.limits.bulk_items),
      transfer_(parts.store, parts.random),
      registrations_(parts.store),
      revocation_({parts.store, observed_hub_, registrar_.queue(), parts.clock, parts.random}),
      revocations_(revocation_),
      management_({parts.store, parts.random, azure_hubs_, parts.limits.linked_hubs}),
      hub_policies_(parts.store, parts.random),
      explanations_(parts.store, parts_.attestation, parts.geo),
      webhook_api_(parts.store, custom_allocation_),
      devices_({instances_, parts.store, registrar_, attempts_, parts.clock}, parts.limits),
      device_api_(devices_),
      gateway_({devices_, parts.clock, parts.random, parts.operation_observers}),
      handler_({instances_, parts.store, parts.clock, parts.random, parts.attestation.sas_tolerance, parts.limits,
                parts.operation_observers},
               all_routes()),
      methods_(live_devices_, timers_, hub_counters_),
      events_(parts.store, timers_),
      retention_(parts.store, parts.clock, parts.events),
      messages_(parts.store, parts.clock, events_),
      twins_(parts.store, parts.clock),
      hub_registry_({parts.store, parts.clock, parts.random, &live_devices_}),
      job_runner_({parts.store, parts.clock, timers_, hub_registry_, methods_, hub_counters_, &live_devices_},
                  parts.job_runner),
      jobs_(parts.store, parts.clock, job_runner_, parts.jobs),
      registry_api_({parts.store, hub_registry_, parts.random, &live_devices_}),
      method_api_(hub_registry_, methods_),
      event_api_(events_),
      job_api_(jobs_),
      message_api_({hub_registry_, messages_, parts.random}),
      hub_handler_({instances_, parts.store, parts.clock, parts.random, parts.attestation.sas_tolerance, handler_},
                   hub_routes()),
      mqtt_provisioning_(gateway_),
      mqtt_hub_({instances_,
                 parts.store,
                 parts.clock,
                 live_devices_,
                 methods_,
                 twins_,
                 events_,
                 messages_,
                 timers_,
                 hub_counters_,
                 {parts.attestation.path, parts.attestation.sas_tolerance},
                 parts.notices},
                parts.refused_connects),
      mqtt_devices_(gateway_, mqtt_provisioning_, mqtt_hub_) {
  live_devices_.observe(&methods_);
}

Task<std::optional<hub::HubName>> Service::find_hub(std::string host) {
  auto found = co_await find_local_hub(instances_, parts_.store, host);
  if (!found) co_return std::nullopt;
  co_return std::move(found->name);
}

Result<void> Service::begin_sinks() {
  auto sinks =
      hub::Sinks::create(parts_.sinks, {parts_.store, events_, timers_, parts_.clock, parts_.random, parts_.outbound,
                                        [this](std::string host) { return find_hub(std::move(host)); }});
  if (!sinks) return std::unexpected(sinks.error());
  sinks_ = std::move(*sinks);
  sinks_->begin();
  return {};
}

/// The registrar waits for what it has begun, and must not wait for hubs.
Service::~Service() {
  custom_allocation_.stop();
  azure_hubs_.stop();
}

std::vector<HubRoute> Service::hub_routes() {
  std::vector<HubRoute> out;
  for (auto routes :
       {registry_api_.routes(), method_api_.routes(), event_api_.routes(), job_api_.routes(), message_api_.routes()}) {
    out.insert(out.end(), std::make_move_iterator(routes.begin()), std::make_move_iterator(routes.end()));
  }
  return out;
}

Result<std::size_t> Service::purge_jobs(std::chrono::hours retention) {
  return wait_for(parts_.store.purge_hub_jobs(parts_.clock.now() - retention));
}

Result<std::size_t> Service::expire_messages() {
  return wait_for(messages_.expire());
}

/// Fixed words come before the device routes, which begin with a placeholder.
std::vector<Route> Service::all_routes() {
  std::vector<Route> out;
  for (auto routes :
       {enrollments_.routes(), transfer_.routes(), registrations_.routes(), revocations_.routes(), management_.routes(),
        hub_policies_.routes(), explanations_.routes(), webhook_api_.routes(), device_api_.routes()}) {
    out.insert(out.end(), std::make_move_iterator(routes.begin()), std::make_move_iterator(routes.end()));
  }
  return out;
}

Result<std::size_t> Service::trim_attempts() {
  return wait_for(attempts_.trim());
}

Result<std::size_t> Service::purge_operations(std::chrono::minutes retention) {
  // A challenge goes on to prove polls of the operation that it led to.
  const TimePoint before = parts_.clock.now() - retention;
  if (auto purged = wait_for(parts_.store.purge_tpm_challenges(before)); !purged) return purged;
  return wait_for(parts_.store.purge_operations(before));
}

}  // namespace muster::server
