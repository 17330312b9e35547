#include "hub/device_twins.h"

#include <utility>

namespace muster::hub {
namespace {

using model::HubDevice;

std::unexpected<Error> gone() {
  return fail(ErrorCode::kNotFound, "The device is gone.");
}

}  // namespace

Task<Result<boost::json::object>> DeviceTwins::read(HubName hub, std::string device_id) {
  auto found = co_await store_.find_hub_device(hub.instance, hub.host, std::move(device_id));
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return gone();
  const model::Twin& twin = (*found)->twin;
  co_return boost::json::object{{"desired", properties_to_json(twin.desired, false)},
                                {"reported", properties_to_json(twin.reported, false)}};
}

Task<Result<std::int64_t>> DeviceTwins::report(HubName hub, std::string device_id, boost::json::object patch) {
  // What the service itself wrote, and a device sends back.
  patch.erase("$version");
  patch.erase("$metadata");
  if (auto fits = model::check_twin_part(patch, "reported", model::kMaxProperties); !fits) {
    co_return std::unexpected(fits.error());
  }
  auto stored = co_await store_.change_hub_device(
      hub.instance, hub.host, std::move(device_id),
      [patch = std::move(patch), now = clock_.now()](const HubDevice* current) -> Result<HubDevice> {
        if (current == nullptr) return gone();
        HubDevice device = *current;
        model::merge_properties(device.twin.reported, patch, now);
        ++device.twin.version;
        if (auto fits = model::check_twin_part(device.twin.reported.values, "reported", model::kMaxProperties); !fits) {
          return std::unexpected(fits.error());
        }
        return device;
      });
  if (!stored) co_return std::unexpected(stored.error());
  co_return stored->twin.reported.version;
}

}  // namespace muster::hub
