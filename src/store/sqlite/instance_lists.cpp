#include "store/sqlite/instance_lists.h"

#include <utility>

#include <fmt/format.h>

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

std::string policy_context(const model::InstanceId& instance, std::string_view name, std::string_view slot) {
  return fmt::format("policy|{}|{}|{}", instance, name, slot);
}

std::string hub_context(const model::InstanceId& instance, std::string_view hub_key) {
  return fmt::format("hub|{}|{}|key", instance, hub_key);
}

std::string hub_policy_context(const model::InstanceId& instance, std::string_view hub, std::string_view name,
                               std::string_view slot) {
  return fmt::format("hub-policy|{}|{}|{}|{}", instance, hub, name, slot);
}

std::string_view to_string(model::HubKind kind) {
  return kind == model::HubKind::kAzure ? "azure" : "local";
}

/// Columns: name, rights, primary_key, secondary_key.
Result<model::SharedAccessPolicy> read_policy(const Session& session, const model::InstanceId& instance,
                                              const Statement& row) {
  model::SharedAccessPolicy policy;
  policy.name = row.string(0);
  if (!row.text(1).empty()) {
    auto rights = model::Rights::parse(row.text(1));
    if (!rights) return damaged("rights of a policy");
    policy.rights = *rights;
  }
  auto primary = unseal(session, row, 2, policy_context(instance, policy.name, "primary"));
  if (!primary) return std::unexpected(primary.error());
  auto secondary = unseal(session, row, 3, policy_context(instance, policy.name, "secondary"));
  if (!secondary) return std::unexpected(secondary.error());
  policy.primary_key = std::move(*primary);
  policy.secondary_key = std::move(*secondary);
  return policy;
}

/// Columns: host_name, kind, location, apply_allocation_policy, allocation_weight, key_name, access_key, hub_key.
Result<model::LinkedHub> read_hub(const Session& session, const model::InstanceId& instance, const Statement& row) {
  const std::string_view kind = row.text(1);
  if (kind != "azure" && kind != "local") return damaged("kind of a linked hub");
  auto key = unseal(session, row, 6, hub_context(instance, row.text(7)));
  if (!key) return std::unexpected(key.error());
  return model::LinkedHub{.host_name = row.string(0),
                          .kind = kind == "azure" ? model::HubKind::kAzure : model::HubKind::kLocal,
                          .location = row.string(2),
                          .apply_allocation_policy = row.integer(3) != 0,
                          .allocation_weight = static_cast<int>(row.integer(4)),
                          .key_name = row.string(5),
                          .key = std::move(*key)};
}

/// Columns: hub, name, rights, primary_key, secondary_key.
Result<std::pair<std::string, model::HubPolicy>> read_hub_policy(const Session& session,
                                                                 const model::InstanceId& instance,
                                                                 const Statement& row) {
  const std::string hub = row.string(0);
  const std::string name = row.string(1);
  const auto rights = model::HubRights::parse(row.text(2));
  if (!rights) return damaged("rights of a policy of a hub");
  auto primary = unseal(session, row, 3, hub_policy_context(instance, hub, name, "primary"));
  if (!primary) return std::unexpected(primary.error());
  auto secondary = unseal(session, row, 4, hub_policy_context(instance, hub, name, "secondary"));
  if (!secondary) return std::unexpected(secondary.error());
  return std::pair(hub, model::HubPolicy{name, *rights, std::move(*primary), std::move(*secondary)});
}

}  // namespace

Result<std::vector<model::SharedAccessPolicy>> load_policies(const Session& session,
                                                             const model::InstanceId& instance) {
  return read_all<model::SharedAccessPolicy>(
      session.connection.query("SELECT name, rights, primary_key, secondary_key FROM access_policy WHERE instance = ? "
                               "ORDER BY position",
                               instance),
      [&](const Statement& row) { return read_policy(session, instance, row); });
}

Result<void> replace_policies(const Session& session, const model::InstanceId& instance,
                              const std::vector<model::SharedAccessPolicy>& policies) {
  auto removed = session.connection.run("DELETE FROM access_policy WHERE instance = ?", instance);
  if (!removed) return std::unexpected(removed.error());
  int position = 0;
  for (const auto& policy : policies) {
    auto inserted = session.connection.run(
        "INSERT INTO access_policy (instance, name, position, rights, primary_key, secondary_key) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        instance, policy.name, position++, policy.rights.to_string(),
        seal(session, policy.primary_key, policy_context(instance, policy.name, "primary")),
        seal(session, policy.secondary_key, policy_context(instance, policy.name, "secondary")));
    if (!inserted) return std::unexpected(inserted.error());
  }
  return {};
}

Result<std::vector<model::LinkedHub>> load_hubs(const Session& session, const model::InstanceId& instance) {
  return read_all<model::LinkedHub>(
      session.connection.query(
          "SELECT host_name, kind, location, apply_allocation_policy, allocation_weight, key_name, "
          "access_key, hub_key FROM linked_hub WHERE instance = ? ORDER BY position",
          instance),
      [&](const Statement& row) { return read_hub(session, instance, row); });
}

Result<void> replace_hubs(const Session& session, const model::InstanceId& instance,
                          const std::vector<model::LinkedHub>& hubs) {
  auto removed = session.connection.run("DELETE FROM linked_hub WHERE instance = ?", instance);
  if (!removed) return std::unexpected(removed.error());
  int position = 0;
  for (const auto& hub : hubs) {
    const std::string hub_key = model::id_key(hub.host_name);
    auto inserted = session.connection.run(
        "INSERT INTO linked_hub (instance, hub_key, position, host_name, kind, location, apply_allocation_policy, "
        "allocation_weight, key_name, access_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        instance, hub_key, position++, hub.host_name, to_string(hub.kind), hub.location,
        hub.apply_allocation_policy ? 1 : 0, hub.allocation_weight, hub.key_name,
        seal(session, hub.key, hub_context(instance, hub_key)));
    if (!inserted) return std::unexpected(inserted.error());
  }
  return {};
}

Result<model::HubPolicies> load_hub_policies(const Session& session, const model::InstanceId& instance) {
  auto rows = read_all<std::pair<std::string, model::HubPolicy>>(
      session.connection.query("SELECT hub, name, rights, primary_key, secondary_key FROM hub_policy "
                               "WHERE instance = ? ORDER BY hub, position",
                               instance),
      [&](const Statement& row) { return read_hub_policy(session, instance, row); });
  if (!rows) return std::unexpected(rows.error());
  model::HubPolicies out;
  for (auto& [hub, policy] : *rows) out[hub].push_back(std::move(policy));
  return out;
}

Result<void> replace_hub_policies(const Session& session, const model::InstanceId& instance,
                                  const model::HubPolicies& policies) {
  auto removed = session.connection.run("DELETE FROM hub_policy WHERE instance = ?", instance);
  if (!removed) return std::unexpected(removed.error());
  for (const auto& [hub, list] : policies) {
    int position = 0;
    for (const model::HubPolicy& policy : list) {
      auto inserted = session.connection.run(
          "INSERT INTO hub_policy (instance, hub, name, position, rights, primary_key, secondary_key) "
          "VALUES (?, ?, ?, ?, ?, ?, ?)",
          instance, hub, policy.name, position++, policy.rights.to_string(),
          seal(session, policy.primary_key, hub_policy_context(instance, hub, policy.name, "primary")),
          seal(session, policy.secondary_key, hub_policy_context(instance, hub, policy.name, "secondary")));
      if (!inserted) return std::unexpected(inserted.error());
    }
  }
  return {};
}

}  // namespace muster::store::sqlite
