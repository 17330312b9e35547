#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "hub/registry.h"

namespace muster::hub {

/// Twins as the devices themselves handle them (hub-api.md 3.1). Stateless, thread-safe. kNotFound when the device was
/// removed meanwhile, kInvalidArgument for what cannot be kept.
class DeviceTwins {
 public:
  DeviceTwins(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// desired and reported, each with `$version`, no tags and no metadata.
  Task<Result<boost::json::object>> read(HubName hub, std::string device_id);
  /// Merges into the reported properties; their new version.
  Task<Result<std::int64_t>> report(HubName hub, std::string device_id, boost::json::object patch);

 private:
  store::Store& store_;
  const Clock& clock_;
};

}  // namespace muster::hub
