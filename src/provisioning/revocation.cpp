#include "provisioning/revocation.h"

#include <utility>

#include "base/log.h"
#include "model/etag.h"
#include "provisioning/device_key.h"

namespace muster::provisioning {

using model::Enrollment;
using model::EnrollmentKind;
using model::ProvisioningStatus;
using model::Registration;

Task<Result<Revocation::Report>> Revocation::apply(model::InstanceId instance, Order order) {
  auto entry = co_await set_entry(instance, order);
  if (!entry) co_return std::unexpected(entry.error());
  auto page = co_await records(instance, order);
  if (!page) co_return std::unexpected(page.error());
  Report report{.entry = *std::move(entry), .devices = {}, .next = std::move(page->next)};
  for (const Registration& record : page->items) {
    if (record.assigned_hub.empty()) continue;
    const HubDeviceStatus status{.enabled = !order.revoke, .reason = order.reason};
    report.devices.push_back(co_await in_turn(instance, record.registration_id, status));
  }
  co_return report;
}

Task<Result<Enrollment>> Revocation::set_entry(model::InstanceId instance, const Order& order) {
  const auto wanted = order.revoke ? ProvisioningStatus::kDisabled : ProvisioningStatus::kEnabled;
  auto change = [this, wanted](const Enrollment* current) -> Result<Enrollment> {
    if (current == nullptr) return fail(ErrorCode::kNotFound, "There is no such enrollment.");
    Enrollment next = *current;
    if (next.status == wanted) return next;
    next.status = wanted;
    next.etag = model::make_etag(parts_.random);
    next.updated = parts_.clock.now();
    return next;
  };
  auto changed = co_await parts_.store.change_enrollment(instance, order.kind, order.entry_id, std::move(change));
  if (changed && order.after.empty()) {
    log_info(order.revoke ? "enrollment.revoked" : "enrollment.restored",
             {{"enrollment", changed->id}, {"reason", order.reason}});
  }
  co_return changed;
}

Task<Result<store::Page<Registration>>> Revocation::records(model::InstanceId instance, const Order& order) {
  if (order.kind == EnrollmentKind::kGroup) {
    co_return co_await parts_.store.list_group_registrations(std::move(instance), order.entry_id, order.after,
                                                             order.limit);
  }
  auto record = co_await parts_.store.find_registration(std::move(instance), order.entry_id);
  if (!record) co_return std::unexpected(record.error());
  store::Page<Registration> page;
  if (*record) page.items.push_back(**record);
  co_return page;
}

Task<Revocation::Device> Revocation::in_turn(model::InstanceId instance, std::string registration_id,
                                             HubDeviceStatus status) {
  const std::string device = device_key(instance, registration_id);
  // Each order is one of its own: an opposite one may wait already.
  const std::string name = "status " + hex_lower(parts_.random.bytes(8));
  co_return co_await Handover<Device>([&](std::move_only_function<void(Device)> complete) {
    parts_.queue.add(device, name,
                     [this, instance, registration_id, status, done = std::move(complete)]() mutable -> Task<bool> {
                       return [](Task<Device> work, std::move_only_function<void(Device)> tell) -> Task<bool> {
                         tell(co_await work);
                         co_return true;
                       }(set_device(instance, registration_id, status), std::move(done));
                     });
  });
}

Task<Revocation::Device> Revocation::set_device(model::InstanceId instance, std::string registration_id,
                                                HubDeviceStatus status) {
  Device out{.registration_id = registration_id, .device_id = {}, .hub = {}};
  const auto failed = [&out](const Error& error) {
    out.outcome = Device::Outcome::kFailed;
    out.error = error;
    return out;
  };
  // As it is now that its turn has come.
  auto record = co_await parts_.store.find_registration(instance, registration_id);
  if (!record) co_return failed(record.error());
  if (!*record || (*record)->assigned_hub.empty()) {
    out.outcome = Device::Outcome::kAbsent;
    co_return out;
  }
  out.device_id = (*record)->device_id;
  out.hub = (*record)->assigned_hub;
  const auto config = co_await parts_.store.config(instance);
  if (!config) co_return failed(config.error());
  const model::LinkedHub* hub = (*config)->find_hub(out.hub);
  if (hub == nullptr) {
    out.outcome = Device::Outcome::kUnlinked;
    co_return out;
  }
  const auto there = co_await parts_.hubs.set_status(instance, *hub, out.device_id, std::move(status));
  if (!there) co_return failed(there.error());
  if (!*there) out.outcome = Device::Outcome::kAbsent;
  co_return out;
}

}  // namespace muster::provisioning
