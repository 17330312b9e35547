#pragma once

#include <functional>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "hub/identity_json.h"
#include "model/etag.h"
#include "store/store.h"

namespace muster::hub {

/// A hub that is served here.
struct HubName {
  model::InstanceId instance;
  std::string host;  ///< in lower case

  bool operator==(const HubName&) const = default;
};

/// Hears of devices that are to lose their connection: removed, disabled, or with other credentials (hub-api.md 2.4),
/// and of new desired properties for those that stay (3.4). Called after the change is on disk, on the caller's thread.
/// Thread-safe.
class RegistryObserver {
 public:
  virtual ~RegistryObserver() = default;
  virtual void shut_out(const HubName& hub, const std::string& device_id) = 0;
  virtual void desired_changed(const HubName& hub, const model::HubDevice& device,
                               const boost::json::object& change) = 0;
};

/// Whether a twin may be given this: tags and properties.desired, either or both, within their limits (hub-api.md 1.5).
/// What is left after merging may still be too much.
Result<void> check_twin_patch(const boost::json::object& patch);

/// The identities and twins of devices as their owner handles them (hub-api.md 1.3 to 1.5). Stateless, thread-safe.
///
/// Errors: kNotFound for an unknown device, kConflict for one that is there already, kPreconditionFailed for another
/// etag, kInvalidArgument for what cannot be kept.
class Registry {
 public:
  struct Parts {
    store::Store& store;
    const Clock& clock;
    Random& random;
    RegistryObserver* observer = nullptr;  ///< may be null
  };

  explicit Registry(Parts parts) : parts_(parts) {}

  Task<Result<model::HubDevice>> get(HubName hub, std::string device_id);
  /// Creates without If-Match, replaces with it.
  Task<Result<model::HubDevice>> put(HubName hub, IdentityPut identity, model::IfMatch match);
  Task<Result<void>> remove(HubName hub, std::string device_id, model::IfMatch match);

  /// The members of `patch` that a twin's owner may write: tags and properties.desired. `replace`: they take the place
  /// of what is there, else they are merged into it.
  using TwinWrite = model::TwinWrite;
  Task<Result<model::HubDevice>> write_twin(HubName hub, std::string device_id, boost::json::object patch,
                                            TwinWrite how, model::IfMatch match);

 private:
  Parts parts_;
};

}  // namespace muster::hub
