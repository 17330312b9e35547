#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "provisioning/device_queue.h"
#include "provisioning/hub_link.h"
#include "store/store.h"

namespace muster::provisioning {

/// Takes devices away from hubs where their records do not say that they are (R-119, hub-api.md 5.3): from those that
/// they moved away from, and from those where an assignment that came to nothing had put them. They are noted in the
/// store, so that nothing is forgotten when a hub does not answer or the process ends. A device's work is done in turn
/// with its registrations, so that none is taken from where it is being put.
///
/// Lives and ends with its queue; its calls return at once.
class Leftovers {
 public:
  struct Parts {
    store::Store& store;
    HubLink& hubs;
    DeviceQueue& queue;
  };

  explicit Leftovers(Parts parts) : parts_(parts) {}

  /// Takes a device away as soon as its other work is done.
  void clean(const model::InstanceId& instance, store::HubLeftover leftover);
  /// Goes on with what is noted, a part of it for each hub that answers.
  void sweep();

  using HubKey = std::pair<model::InstanceId, std::string>;  ///< the hub in lower case
  /// How many devices the last sweep found noted for each linked hub elsewhere.
  [[nodiscard]] std::map<HubKey, std::uint64_t> counts() const;

 private:
  void note(const HubKey& hub, std::uint64_t count);
  Task<bool> sweep_all();
  Task<bool> sweep_hub(const model::InstanceId& instance, const model::LinkedHub& hub);
  Task<bool> clean_one(model::InstanceId instance, store::HubLeftover leftover);

  Parts parts_;
  std::map<HubKey, std::string> next_;  ///< where the next sweep of a hub begins; used on the queue's thread only
  mutable std::mutex mutex_;            // protects counts_
  std::map<HubKey, std::uint64_t> counts_;
};

}  // namespace muster::provisioning
