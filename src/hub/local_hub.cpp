#include "hub/local_hub.h"

#include <utility>

#include <fmt/format.h>

namespace muster::hub {
namespace {

using model::HubDevice;
using provisioning::HubDeviceSpec;

Result<void> require_local(const model::LinkedHub& hub) {
  if (hub.kind == model::HubKind::kLocal) return {};
  return fail(ErrorCode::kUnsupported, "The linked hub is not served here.", hub.host_name);
}

/// Of a new device, or of one that starts afresh: then as a replaced twin, to which reported properties do not belong
/// (hub-api.md 5.3).
model::Twin initial_twin(const HubDeviceSpec& spec, const HubDevice* current, TimePoint now) {
  if (current == nullptr) return model::make_twin(spec.initial_twin.tags, spec.initial_twin.desired, now);
  model::Twin twin = current->twin;
  twin.tags = spec.initial_twin.tags;
  model::replace_properties(twin.desired, spec.initial_twin.desired, now);
  ++twin.version;
  return twin;
}

/// Taking a device over keeps its twin and everything else that the registration does not speak of (hub-api.md 5.2).
HubDevice merge(const HubDeviceSpec& spec, const HubDevice* current, TimePoint now, Random& random) {
  HubDevice device = current != nullptr ? *current : HubDevice{};
  if (current == nullptr) {
    device.device_id = spec.device_id;
    device.generation_id = model::make_generation_id(now);
    device.created = now;
  }
  if (current == nullptr || spec.existing_twin == HubDeviceSpec::ExistingTwin::kReplace) {
    device.twin = initial_twin(spec, current, now);
  }
  device.credential = spec.credential;
  device.iot_edge = spec.iot_edge;
  device.etag = model::make_device_etag(random);
  device.updated = now;
  return device;
}

}  // namespace

std::optional<store::HubDeviceChange> LocalHub::stored_put(const model::InstanceId& /*instance*/,
                                                           const model::LinkedHub& hub, HubDeviceSpec spec) {
  if (!require_local(hub)) return std::nullopt;
  std::string device_id = spec.device_id;
  std::string hub_key = model::id_key(hub.host_name);
  auto change = [spec = std::move(spec), hub_key, now = clock_.now(),
                 this](const HubDevice* current) -> Result<HubDevice> {
    HubDevice device = merge(spec, current, now, random_);
    device.hub = hub_key;
    return device;
  };
  return store::HubDeviceChange{std::move(hub_key), std::move(device_id), std::move(change)};
}

Task<Result<void>> LocalHub::put_device(model::InstanceId instance, model::LinkedHub hub, HubDeviceSpec spec) {
  if (auto local = require_local(hub); !local) co_return local;
  auto stored = stored_put(instance, hub, std::move(spec));
  auto put = co_await store_.change_hub_device(std::move(instance), std::move(stored->hub),
                                               std::move(stored->device_id), std::move(stored->change));
  if (!put) co_return std::unexpected(put.error());
  co_return Result<void>();
}

Task<Result<std::optional<provisioning::TwinState>>> LocalHub::read_twin(model::InstanceId instance,
                                                                         model::LinkedHub hub, std::string device_id) {
  if (auto local = require_local(hub); !local) co_return std::unexpected(local.error());
  auto device =
      co_await store_.find_hub_device(std::move(instance), model::id_key(hub.host_name), std::move(device_id));
  if (!device) co_return std::unexpected(device.error());
  if (!*device) co_return std::nullopt;
  co_return provisioning::TwinState{std::move((*device)->twin.tags), std::move((*device)->twin.desired.values)};
}

Task<Result<void>> LocalHub::delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) {
  if (auto local = require_local(hub); !local) co_return local;
  auto removed =
      co_await store_.remove_hub_device(std::move(instance), model::id_key(hub.host_name), std::move(device_id),
                                        [](const HubDevice&) -> Result<void> { return {}; });
  if (!removed && removed.error().code != ErrorCode::kNotFound) co_return removed;
  co_return Result<void>();
}

}  // namespace muster::hub
