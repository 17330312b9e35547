#include "store/sqlite/hub_leftovers.h"

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {

Result<bool> note_hub_leftover(const Session& session, const InstanceId& instance, const HubLeftover& leftover) {
  const auto added = session.connection.run(
      "INSERT INTO hub_leftover (instance, hub, device_id, registration_id, noted) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, hub, device_id) DO NOTHING",
      instance, model::id_key(leftover.hub), leftover.device_id, leftover.registration_id, to_micros(leftover.noted));
  if (!added) return std::unexpected(added.error());
  return *added == 0;
}

Result<std::vector<HubLeftover>> list_hub_leftovers(const Session& session, const InstanceId& instance,
                                                    const std::string& hub, const std::string& after,
                                                    std::size_t limit) {
  return read_all<HubLeftover>(
      session.connection.query("SELECT hub, device_id, registration_id, noted FROM hub_leftover "
                               "WHERE instance = ? AND hub = ? AND device_id > ? ORDER BY device_id LIMIT ?",
                               instance, model::id_key(hub), after, limit),
      [](const Statement& row) -> Result<HubLeftover> {
        return HubLeftover{row.string(0), row.string(1), row.string(2), from_micros(row.integer(3))};
      });
}

Result<std::uint64_t> count_hub_leftovers(const Session& session, const InstanceId& instance, const std::string& hub) {
  auto found = read_optional<std::uint64_t>(
      session.connection.query("SELECT COUNT(*) FROM hub_leftover WHERE instance = ? AND hub = ?", instance,
                               model::id_key(hub)),
      [](const Statement& row) -> Result<std::uint64_t> { return static_cast<std::uint64_t>(row.integer(0)); });
  if (!found) return std::unexpected(found.error());
  return found->value_or(0);
}

Result<void> drop_hub_leftover(const Session& session, const InstanceId& instance, const std::string& hub,
                               const std::string& device_id) {
  return without_count(
      session.connection.run("DELETE FROM hub_leftover WHERE instance = ? AND hub = ? AND device_id = ?", instance,
                             model::id_key(hub), device_id));
}

}  // namespace muster::store::sqlite
