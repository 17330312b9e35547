#include "hub/registry.h"

#include <utility>

#include <fmt/format.h>

#include "model/json.h"

namespace muster::hub {
namespace {

namespace json = boost::json;
using model::HubDevice;

std::unexpected<Error> unknown(const std::string& device_id) {
  return fail(ErrorCode::kNotFound, fmt::format("There is no device {}.", device_id));
}

/// What somebody who holds the old identity could not do with the new one.
bool shuts_out(const HubDevice& before, const HubDevice& after) {
  return (before.enabled && !after.enabled) || before.credential != after.credential;
}

/// The parts of a twin that its owner writes.
struct TwinPatch {
  std::optional<json::object> tags;
  std::optional<json::object> desired;
};

/// Members that a client got with the twin and sends back are passed over.
json::object without_own_members(const json::object& values) {
  json::object out = values;
  out.erase("$metadata");
  out.erase("$version");
  return out;
}

Result<TwinPatch> read_patch(const json::object& body) {
  TwinPatch out;
  const auto tags = model::optional_object(body, "tags");
  if (!tags) return std::unexpected(tags.error());
  if (*tags != nullptr) {
    out.tags = **tags;
    if (auto checked = model::check_twin_part(*out.tags, "tags", model::kMaxTags); !checked) {
      return std::unexpected(checked.error());
    }
  }
  const auto properties = model::optional_object(body, "properties");
  if (!properties) return std::unexpected(properties.error());
  if (*properties == nullptr) return out;
  const auto desired = model::optional_object(**properties, "desired");
  if (!desired) return std::unexpected(desired.error());
  if (*desired == nullptr) return out;
  out.desired = without_own_members(**desired);
  auto checked = model::check_twin_part(*out.desired, "properties.desired", model::kMaxProperties);
  if (!checked) return std::unexpected(checked.error());
  return out;
}

/// Also what is left after merging must fit.
Result<void> check_whole(const model::Twin& twin) {
  if (auto checked = model::check_twin_part(twin.tags, "tags", model::kMaxTags); !checked) return checked;
  return model::check_twin_part(twin.desired.values, "properties.desired", model::kMaxProperties);
}

void apply(model::Twin& twin, const TwinPatch& patch, Registry::TwinWrite how, TimePoint now) {
  const bool replace = how == Registry::TwinWrite::kReplace;
  if (replace) {
    twin.tags = {};
    model::merge_members(twin.tags, patch.tags.value_or(json::object()));
    model::replace_properties(twin.desired, patch.desired.value_or(json::object()), now);
  } else {
    if (patch.tags) model::merge_members(twin.tags, *patch.tags);
    if (patch.desired) model::merge_properties(twin.desired, *patch.desired, now);
  }
  ++twin.version;
}

}  // namespace

Result<void> check_twin_patch(const json::object& patch) {
  const auto read = read_patch(patch);
  if (!read) return std::unexpected(read.error());
  if (!read->tags && !read->desired) return invalid("There are neither tags nor properties.desired.");
  return {};
}

Task<Result<HubDevice>> Registry::get(HubName hub, std::string device_id) {
  auto found = co_await parts_.store.find_hub_device(hub.instance, hub.host, device_id);
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return unknown(device_id);
  co_return **std::move(found);
}

Task<Result<HubDevice>> Registry::put(HubName hub, IdentityPut identity, model::IfMatch match) {
  const std::string device_id = identity.device_id;
  auto shut_out = std::make_shared<bool>(false);
  auto stored = co_await parts_.store.change_hub_device(
      hub.instance, hub.host, device_id,
      [this, host = hub.host, identity = std::move(identity), match = std::move(match), now = parts_.clock.now(),
       shut_out](const HubDevice* current) -> Result<HubDevice> {
        if (current == nullptr && !match.is_absent()) return unknown(identity.device_id);
        const std::string* etag = current == nullptr ? nullptr : &current->etag;
        if (auto allowed = match.check_put(etag); !allowed) return std::unexpected(allowed.error());
        HubDevice device = put_identity(identity, current, host, now, parts_.random);
        *shut_out = current != nullptr && shuts_out(*current, device);
        return device;
      });
  if (stored && *shut_out && parts_.observer != nullptr) parts_.observer->shut_out(hub, device_id);
  co_return stored;
}

Task<Result<void>> Registry::remove(HubName hub, std::string device_id, model::IfMatch match) {
  auto removed = co_await parts_.store.remove_hub_device(
      hub.instance, hub.host, device_id,
      [match = std::move(match)](const HubDevice& current) { return match.check_delete(current.etag); });
  if (!removed && removed.error().code == ErrorCode::kNotFound) co_return unknown(device_id);
  if (removed && parts_.observer != nullptr) parts_.observer->shut_out(hub, device_id);
  co_return removed;
}

Task<Result<HubDevice>> Registry::write_twin(HubName hub, std::string device_id, json::object patch, TwinWrite how,
                                             model::IfMatch match) {
  auto read = read_patch(patch);
  if (!read) co_return std::unexpected(read.error());
  auto stored = co_await parts_.store.change_hub_device(
      hub.instance, hub.host, device_id,
      [device_id, patch = *read, how, match = std::move(match),
       now = parts_.clock.now()](const HubDevice* current) -> Result<HubDevice> {
        if (current == nullptr) return unknown(device_id);
        if (auto allowed = match.check_delete(model::twin_etag(current->twin)); !allowed) {
          return std::unexpected(allowed.error());
        }
        HubDevice device = *current;
        apply(device.twin, patch, how, now);
        if (auto fits = check_whole(device.twin); !fits) return std::unexpected(fits.error());
        return device;
      },
      how);
  const bool desired = read->desired || how == TwinWrite::kReplace;
  if (stored && desired && parts_.observer != nullptr) {
    // A device that has a replaced twin pushed to it gets all of it.
    const json::object& change = how == TwinWrite::kReplace ? stored->twin.desired.values : *read->desired;
    parts_.observer->desired_changed(hub, *stored, change);
  }
  co_return stored;
}

}  // namespace muster::hub
