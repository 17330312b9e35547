#include "provisioning/leftovers.h"

#include "base/log.h"
#include "base/text.h"
#include "provisioning/device_key.h"

namespace muster::provisioning {
namespace {

// Of one hub in one sweep: a hub elsewhere takes about as many calls in a minute (hub-api.md 5.4).
constexpr std::size_t kSweepLimit = 50;

/// Whether the device belongs where it is noted, or may be about to.
enum class Place { kBelongsThere, kUndecided, kLeftThere };

Place place_of(const model::Registration* record, const store::HubLeftover& leftover) {
  if (record == nullptr) return Place::kLeftThere;
  if (record->status == model::RegistrationStatus::kAssigning) return Place::kUndecided;
  const bool there = equals_nocase(record->assigned_hub, leftover.hub) && record->device_id == leftover.device_id;
  return there ? Place::kBelongsThere : Place::kLeftThere;
}

}  // namespace

void Leftovers::clean(const model::InstanceId& instance, store::HubLeftover leftover) {
  std::string name = "leave " + leftover.hub + " " + leftover.device_id;
  std::string device = device_key(instance, leftover.registration_id);
  parts_.queue.add(std::move(device), std::move(name), [this, instance, leftover = std::move(leftover)]() mutable {
    return clean_one(instance, std::move(leftover));
  });
}

void Leftovers::sweep() {
  parts_.queue.add("", "sweep", [this] { return sweep_all(); });
}

Task<bool> Leftovers::sweep_all() {
  const auto instances = co_await parts_.store.list_instances();
  if (!instances) co_return false;
  for (const model::Instance& instance : *instances) {
    const auto config = co_await parts_.store.config(instance.id);
    if (!config) continue;
    for (const model::LinkedHub& hub : (*config)->hubs) {
      if (hub.kind != model::HubKind::kLocal) co_await sweep_hub(instance.id, hub);
    }
  }
  co_return true;
}

Task<bool> Leftovers::sweep_hub(const model::InstanceId& instance, const model::LinkedHub& hub) {
  const HubKey key(instance, model::id_key(hub.host_name));
  const auto count = co_await parts_.store.count_hub_leftovers(instance, hub.host_name);
  if (!count) co_return false;
  note(key, *count);
  if (*count == 0 || !parts_.hubs.answers(instance, hub)) co_return false;
  auto found = co_await parts_.store.list_hub_leftovers(instance, hub.host_name, next_[key], kSweepLimit);
  if (!found) co_return false;
  // Those that cannot be removed must not keep the sweep from those behind them.
  next_[key] = found->size() < kSweepLimit ? "" : found->back().device_id;
  for (auto& leftover : *found) clean(instance, std::move(leftover));
  co_return true;
}

void Leftovers::note(const HubKey& hub, std::uint64_t count) {
  const std::scoped_lock lock(mutex_);
  counts_[hub] = count;
}

std::map<Leftovers::HubKey, std::uint64_t> Leftovers::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

Task<bool> Leftovers::clean_one(model::InstanceId instance, store::HubLeftover leftover) {
  const auto record = co_await parts_.store.find_registration(instance, leftover.registration_id);
  if (!record) co_return false;
  const Place place = place_of(record->get(), leftover);
  if (place == Place::kUndecided) co_return false;
  if (place == Place::kLeftThere) {
    const auto config = co_await parts_.store.config(instance);
    if (!config) co_return false;
    const model::LinkedHub* hub = (*config)->find_hub(leftover.hub);
    if (hub == nullptr) co_return false;  // it waits until the hub is linked again
    auto gone = co_await parts_.hubs.delete_device(instance, *hub, leftover.device_id);
    if (!gone) {
      log_warning("hub.device-left-behind", {{"hub", leftover.hub},
                                             {"deviceId", leftover.device_id},
                                             {"error", gone.error().message},
                                             {"detail", gone.error().detail}});
      co_return false;
    }
    log_info("hub.device-removed", {{"hub", leftover.hub}, {"deviceId", leftover.device_id}});
  }
  const auto dropped = co_await parts_.store.drop_hub_leftover(instance, leftover.hub, leftover.device_id);
  co_return dropped.has_value();
}

}  // namespace muster::provisioning
