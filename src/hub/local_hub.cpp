#include "hub/local_hub.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

namespace muster::hub {
namespace {

using model::HubDevice;
using provisioning::DeviceData;
using provisioning::HubDeviceSpec;
using provisioning::HubDeviceStatus;
using provisioning::InitialTwin;
using provisioning::PutOutcome;
using provisioning::StoredLeave;

DeviceData data_of(const HubDevice& device) {
  return {.twin = device.twin,
          .enabled = device.enabled,
          .status_reason = device.status_reason,
          .iot_edge = device.iot_edge};
}

HubDevice new_device(const HubDeviceSpec& spec, TimePoint now) {
  HubDevice device;
  device.device_id = spec.device_id;
  device.generation_id = model::make_generation_id(now);
  device.created = now;
  return device;
}

/// A device that comes from another hub goes on with its twin, versions and all.
void carry(const DeviceData& data, HubDevice& device) {
  device.twin = data.twin;
  device.enabled = data.enabled;
  device.status_reason = data.status_reason;
  device.iot_edge = data.iot_edge;
}

/// As a replaced twin, to which reported properties do not belong (hub-api.md 5.3).
void start_afresh(const InitialTwin& initial, HubDevice& device, TimePoint now) {
  device.twin.tags = initial.tags;
  model::replace_properties(device.twin.desired, initial.desired, now);
  ++device.twin.version;
}

void set_identity(const HubDeviceSpec& spec, HubDevice& device, TimePoint now, Random& random) {
  device.credential = spec.credential;
  device.iot_edge = spec.iot_edge.value_or(device.iot_edge);
  device.etag = model::make_device_etag(random);
  device.updated = now;
}

/// Taking a device over keeps its twin and everything else that the registration does not speak of (hub-api.md 5.2).
HubDevice merge(const HubDeviceSpec& spec, const HubDevice* there, TimePoint now, Random& random) {
  HubDevice device = there != nullptr ? *there : new_device(spec, now);
  const bool replaces = spec.existing_twin == HubDeviceSpec::ExistingTwin::kReplace;
  if (spec.carried && (there == nullptr || replaces)) {
    carry(*spec.carried, device);
  } else if (there == nullptr) {
    device.twin = model::make_twin(spec.initial_twin.tags, spec.initial_twin.desired, now);
  } else if (replaces) {
    start_afresh(spec.initial_twin, device, now);
  }
  set_identity(spec, device, now, random);
  return device;
}

/// A device that comes to a hub: what its change and the word of it have in common.
struct Arrival {
  HubName hub;
  HubDeviceSpec spec;
  TimePoint now;
  std::string left = {};  ///< the hub of our own that it leaves, in lower case; empty: none
  bool carries = false;   ///< its data go along from there
  bool credential_changed = false;
};

HubDevice arrive(Arrival& arrival, const HubDevice* there, const HubDevice* left, Random& random) {
  if (arrival.carries && left != nullptr) arrival.spec.carried = data_of(*left);
  HubDevice device = merge(arrival.spec, there, arrival.now, random);
  device.hub = arrival.hub.host;
  arrival.credential_changed = there != nullptr && there->credential != device.credential;
  return device;
}

/// Whoever holds a former place of the device, here or at the hub that it left, is to lose it.
void tell(const Arrival& arrival, RegistryObserver& observer) {
  if (arrival.credential_changed) observer.shut_out(arrival.hub, arrival.spec.device_id);
  if (!arrival.left.empty()) observer.shut_out({arrival.hub.instance, arrival.left}, arrival.spec.device_id);
}

HubName name_of(model::InstanceId instance, const model::LinkedHub& hub) {
  return {std::move(instance), model::id_key(hub.host_name)};
}

}  // namespace

/// Whoever holds the device's former place loses the connection, and so learns to register again (hub-api.md 5.3).
std::move_only_function<void()> LocalHub::shut_out(HubName hub, std::string device_id) {
  if (parts_.observer == nullptr) return {};
  return [observer = parts_.observer, hub = std::move(hub), id = std::move(device_id)] { observer->shut_out(hub, id); };
}

std::optional<store::HubDeviceChange> LocalHub::stored_put(const model::InstanceId& instance,
                                                           const model::LinkedHub& hub, HubDeviceSpec spec,
                                                           std::optional<StoredLeave> leave) {
  auto arrival = std::make_shared<Arrival>(
      Arrival{.hub = name_of(instance, hub), .spec = std::move(spec), .now = parts_.clock.now()});
  if (leave) {
    arrival->left = model::id_key(leave->hub.host_name);
    arrival->carries = leave->carry;
  }
  store::HubDeviceChange out{
      .hub = arrival->hub.host, .device_id = arrival->spec.device_id, .change = {}, .leaves = arrival->left};
  out.change = [arrival, &random = parts_.random](const HubDevice* there, const HubDevice* left) -> Result<HubDevice> {
    return arrive(*arrival, there, left, random);
  };
  if (parts_.observer != nullptr) {
    out.committed = [arrival, observer = parts_.observer] { tell(*arrival, *observer); };
  }
  return out;
}

std::optional<store::HubDeviceRemoval> LocalHub::stored_removal(const model::InstanceId& instance,
                                                                const model::LinkedHub& hub, std::string device_id,
                                                                const DeviceData* read) {
  HubName name = name_of(instance, hub);
  store::HubDeviceRemoval out{.hub = name.host, .device_id = device_id, .check = {}};
  out.check = [version = read == nullptr ? std::nullopt : std::optional(read->twin.version)](
                  const HubDevice& current) -> Result<void> {
    if (!version || current.twin.version == *version) return {};
    return fail(ErrorCode::kPreconditionFailed, "The device's twin has changed meanwhile.");
  };
  out.committed = shut_out(std::move(name), std::move(device_id));
  return out;
}

Task<Result<PutOutcome>> LocalHub::put_identity(model::InstanceId instance, model::LinkedHub hub, HubDeviceSpec spec) {
  // The twin is a step of its own: write_twin().
  spec.initial_twin = {};
  if (spec.carried) spec.carried->twin = model::make_twin({}, {}, parts_.clock.now());
  spec.existing_twin = HubDeviceSpec::ExistingTwin::kKeep;
  auto put = stored_put(instance, hub, std::move(spec), std::nullopt);
  auto outcome = std::make_shared<PutOutcome>(PutOutcome::kCreated);
  auto stored = co_await parts_.store.change_hub_device(
      std::move(instance), std::move(put->hub), std::move(put->device_id),
      [change = std::move(put->change), outcome](const HubDevice* there) mutable {
        *outcome = there == nullptr ? PutOutcome::kCreated : PutOutcome::kFound;
        return change(there, nullptr);
      });
  if (!stored) co_return std::unexpected(stored.error());
  if (put->committed) put->committed();
  co_return *outcome;
}

Task<Result<void>> LocalHub::write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                        InitialTwin twin, TwinWrite how) {
  auto stored = co_await parts_.store.change_hub_device(
      std::move(instance), model::id_key(hub.host_name), std::move(device_id),
      [twin = std::move(twin), how, now = parts_.clock.now()](const HubDevice* there) -> Result<HubDevice> {
        if (there == nullptr) return fail(ErrorCode::kNotFound, "The device is gone.");
        HubDevice device = *there;
        if (how == TwinWrite::kReplace) {
          start_afresh(twin, device, now);
          return device;
        }
        model::merge_members(device.twin.tags, twin.tags);
        model::merge_properties(device.twin.desired, twin.desired, now);
        ++device.twin.version;
        return device;
      });
  if (!stored) co_return std::unexpected(stored.error());
  co_return Result<void>();
}

Task<Result<std::optional<DeviceData>>> LocalHub::read_device(model::InstanceId instance, model::LinkedHub hub,
                                                              std::string device_id) {
  auto device =
      co_await parts_.store.find_hub_device(std::move(instance), model::id_key(hub.host_name), std::move(device_id));
  if (!device) co_return std::unexpected(device.error());
  if (!*device) co_return std::nullopt;
  co_return data_of(**device);
}

Task<Result<void>> LocalHub::delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) {
  auto removal = stored_removal(instance, hub, std::move(device_id), nullptr);
  auto removed = co_await parts_.store.remove_hub_device(std::move(instance), removal->hub, removal->device_id,
                                                         std::move(removal->check));
  if (!removed && removed.error().code != ErrorCode::kNotFound) co_return removed;
  if (removed && removal->committed) removal->committed();
  co_return Result<void>();
}

Task<Result<bool>> LocalHub::set_status(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                        HubDeviceStatus status) {
  HubName name = name_of(instance, hub);
  const bool shuts_out = !status.enabled;
  auto changed =
      co_await parts_.store.change_hub_device(std::move(instance), name.host, device_id,
                                              [status = std::move(status), now = parts_.clock.now(),
                                               &random = parts_.random](const HubDevice* there) -> Result<HubDevice> {
                                                if (there == nullptr)
                                                  return fail(ErrorCode::kNotFound, "The hub has no such device.");
                                                HubDevice device = *there;
                                                if (HubDeviceStatus{device.enabled, device.status_reason} == status)
                                                  return device;
                                                device.enabled = status.enabled;
                                                device.status_reason = status.reason;
                                                device.status_changed = now;
                                                device.etag = model::make_device_etag(random);
                                                device.updated = now;
                                                return device;
                                              });
  if (!changed && changed.error().code == ErrorCode::kNotFound) co_return false;
  if (!changed) co_return std::unexpected(changed.error());
  if (shuts_out && parts_.observer != nullptr) parts_.observer->shut_out(name, device_id);
  co_return true;
}

std::chrono::seconds LocalHub::expected_wait(const model::InstanceId& /*instance*/, const model::LinkedHub& /*hub*/) {
  return std::chrono::seconds(0);
}

std::optional<std::chrono::milliseconds> LocalHub::latency(const model::InstanceId& /*instance*/,
                                                           const model::LinkedHub& /*hub*/) {
  return std::chrono::milliseconds(0);
}

bool LocalHub::answers(const model::InstanceId& /*instance*/, const model::LinkedHub& /*hub*/) {
  return true;
}

}  // namespace muster::hub
