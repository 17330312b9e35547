#include "store/sqlite/hub_devices.h"

#include <algorithm>

#include <fmt/format.h>

#include "store/sqlite/hub_messages.h"
#include "store/sqlite/hub_notices.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

std::string key_context(const InstanceId& instance, std::string_view hub_key, std::string_view device_id,
                        std::string_view slot) {
  return fmt::format("device|{}|{}|{}|{}", instance, hub_key, device_id, slot);
}

/// Columns: hub, device_id, body, primary_key, secondary_key, how many messages wait.
Result<model::HubDevice> read_device(const Session& session, const InstanceId& instance, const Statement& row) {
  const auto body = parse_body(row.text(2));
  if (!body) return std::unexpected(body.error());
  auto device = model::hub_device_from_stored_json(*body);
  if (!device) return device;
  device->messages = static_cast<std::uint64_t>(row.integer(5));
  auto* keys = std::get_if<model::SasCredential>(&device->credential);
  if (keys == nullptr) return device;
  auto primary = unseal(session, row, 3, key_context(instance, row.text(0), row.text(1), "primary"));
  if (!primary) return std::unexpected(primary.error());
  auto secondary = unseal(session, row, 4, key_context(instance, row.text(0), row.text(1), "secondary"));
  if (!secondary) return std::unexpected(secondary.error());
  keys->primary = std::move(*primary);
  keys->secondary = std::move(*secondary);
  return device;
}

Result<void> write_device(const Session& session, const InstanceId& instance, const model::HubDevice& device) {
  const std::string hub_key = model::id_key(device.hub);
  std::optional<Bytes> primary;
  std::optional<Bytes> secondary;
  if (const auto* keys = std::get_if<model::SasCredential>(&device.credential)) {
    primary = seal(session, keys->primary, key_context(instance, hub_key, device.device_id, "primary"));
    secondary = seal(session, keys->secondary, key_context(instance, hub_key, device.device_id, "secondary"));
  }
  return without_count(session.connection.run(
      "INSERT INTO hub_device (instance, hub, device_id, body, primary_key, secondary_key) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, hub, device_id) DO UPDATE SET body = excluded.body, "
      "primary_key = excluded.primary_key, secondary_key = excluded.secondary_key",
      instance, hub_key, device.device_id, to_stored_text(device), primary, secondary));
}

}  // namespace

Result<std::optional<model::HubDevice>> find_hub_device(const Session& session, const InstanceId& instance,
                                                        const std::string& hub, const std::string& device_id) {
  return read_optional<model::HubDevice>(
      session.connection.query(
          "SELECT d.hub, d.device_id, d.body, d.primary_key, d.secondary_key, (SELECT COUNT(*) FROM hub_message m "
          "WHERE m.instance = d.instance AND m.hub = d.hub AND m.device_id = d.device_id) FROM hub_device d "
          "WHERE instance = ? AND hub = ? AND device_id = ?",
          instance, model::id_key(hub), device_id),
      [&](const Statement& row) { return read_device(session, instance, row); });
}

Result<model::HubDevice> change_hub_device(const Session& session, const InstanceId& instance, const std::string& hub,
                                           const std::string& device_id, Change<model::HubDevice>& change,
                                           model::TwinWrite how) {
  const auto current = find_hub_device(session, instance, hub, device_id);
  if (!current) return std::unexpected(current.error());
  auto next = change(*current ? &**current : nullptr);
  if (!next) return next;
  if (model::id_key(next->hub) != model::id_key(hub) || next->device_id != device_id) {
    return fail(ErrorCode::kInternal, "The store failed.", "key of a hub device changed");
  }
  if (auto written = write_device(session, instance, *next); !written) return std::unexpected(written.error());
  if (session.notices == nullptr) return next;
  const auto told = session.notices->changed(session, instance, *current ? &**current : nullptr, *next, how);
  if (!told) return std::unexpected(told.error());
  return next;
}

Result<void> apply_device_change(const Session& session, const InstanceId& instance, HubDeviceChange& change) {
  std::optional<model::HubDevice> left;
  if (!change.leaves.empty()) {
    auto found = find_hub_device(session, instance, change.leaves, change.device_id);
    if (!found) return std::unexpected(found.error());
    left = *std::move(found);
  }
  Change<model::HubDevice> make = [&](const model::HubDevice* there) {
    return change.change(there, left ? &*left : nullptr);
  };
  auto put = change_hub_device(session, instance, change.hub, change.device_id, make);
  if (!put) return std::unexpected(put.error());
  if (!left) return {};
  Check<model::HubDevice> always = [](const model::HubDevice&) -> Result<void> { return {}; };
  return remove_hub_device(session, instance, change.leaves, change.device_id, always);
}

Result<Page<model::HubDevice>> list_hub_devices(const Session& session, const InstanceId& instance,
                                                const std::string& hub, const std::string& after, std::size_t limit) {
  const std::size_t count = std::max<std::size_t>(limit, 1);
  auto found = read_all<model::HubDevice>(
      session.connection.query(
          "SELECT d.hub, d.device_id, d.body, d.primary_key, d.secondary_key, (SELECT COUNT(*) FROM hub_message m "
          "WHERE m.instance = d.instance AND m.hub = d.hub AND m.device_id = d.device_id) FROM hub_device d "
          "WHERE instance = ? AND hub = ? AND device_id > ? ORDER BY device_id LIMIT ?",
          instance, model::id_key(hub), after, count + 1),
      [&](const Statement& row) { return read_device(session, instance, row); });
  if (!found) return std::unexpected(found.error());
  Page<model::HubDevice> page{.items = std::move(*found), .next = {}};
  if (page.items.size() > count) {
    page.items.pop_back();
    page.next = page.items.back().device_id;
  }
  return page;
}

Result<HubDeviceCount> count_hub_devices(const Session& session, const InstanceId& instance, const std::string& hub) {
  // All devices are read: statistics are seldom asked for, and a counter would cost every registration.
  auto found = read_optional<HubDeviceCount>(
      session.connection.query("SELECT COUNT(*), COALESCE(SUM(json_extract(body, '$.enabled')), 0) FROM hub_device "
                               "WHERE instance = ? AND hub = ?",
                               instance, model::id_key(hub)),
      [](const Statement& row) -> Result<HubDeviceCount> {
        return HubDeviceCount{static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1))};
      });
  if (!found) return std::unexpected(found.error());
  return found->value_or(HubDeviceCount{});
}

Result<void> remove_hub_device(const Session& session, const InstanceId& instance, const std::string& hub,
                               const std::string& device_id, Check<model::HubDevice>& check) {
  const auto current = find_hub_device(session, instance, hub, device_id);
  if (!current) return std::unexpected(current.error());
  if (!*current) return fail(ErrorCode::kNotFound, "Device not found.");
  if (auto allowed = check(**current); !allowed) return allowed;
  if (auto forgotten = forget_hub_messages(session, {instance, hub, device_id}); !forgotten) return forgotten;
  auto removed = session.connection.run("DELETE FROM hub_device WHERE instance = ? AND hub = ? AND device_id = ?",
                                        instance, model::id_key(hub), device_id);
  if (!removed || session.notices == nullptr) return without_count(removed);
  return session.notices->removed(session, instance, **current);
}

}  // namespace muster::store::sqlite
