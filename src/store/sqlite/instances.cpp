#include "store/sqlite/instances.h"

#include "store/sqlite/ca_certificates.h"
#include "store/sqlite/instance_lists.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

/// Columns in the order of the SELECTs below.
Result<model::Instance> read_instance(const Statement& row) {
  const auto policy = model::parse_allocation_policy(row.text(4));
  if (!policy) return damaged("allocation policy of an instance");
  return model::Instance{.id = row.string(0),
                         .name = row.string(1),
                         .id_scope = row.string(2),
                         .service_host = row.string(3),
                         .allocation_policy = *policy,
                         .etag = row.string(5),
                         .created = from_micros(row.integer(6))};
}

Result<model::Instance> find_instance(const Session& session, const InstanceId& instance) {
  auto statement = session.connection.query(
      "SELECT instance, name, id_scope, service_host, allocation_policy, etag, created FROM instance WHERE instance = "
      "?",
      instance);
  auto found = read_optional<model::Instance>(std::move(statement), read_instance);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(ErrorCode::kNotFound, "Instance not found.");
  return std::move(**found);
}

/// Ids and names of instances are taken without case.
Result<void> check_name_is_free(const Session& session, const model::Instance& value) {
  auto statement = session.connection.query("SELECT 1 FROM instance WHERE name_key = ? AND instance <> ?",
                                            model::id_key(value.name), value.id);
  if (!statement) return std::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (*row) return fail(ErrorCode::kConflict, "An instance with this name exists already.");
  return {};
}

Result<void> insert_instance(const Session& session, const model::Instance& value) {
  auto inserted = session.connection.run(
      "INSERT INTO instance (instance, name, name_key, id_scope, service_host, allocation_policy, etag, created) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      value.id, value.name, model::id_key(value.name), value.id_scope, value.service_host,
      model::to_string(value.allocation_policy), value.etag, to_micros(value.created));
  if (inserted) return {};
  if (inserted.error().code != ErrorCode::kConflict) return std::unexpected(inserted.error());
  return fail(ErrorCode::kConflict, "An instance with this ID scope exists already.", inserted.error().detail);
}

Result<void> update_instance(const Session& session, const model::Instance& value) {
  return without_count(session.connection.run(
      "UPDATE instance SET name = ?, name_key = ?, id_scope = ?, service_host = ?, allocation_policy = ?, etag = ? "
      "WHERE instance = ?",
      value.name, model::id_key(value.name), value.id_scope, value.service_host,
      model::to_string(value.allocation_policy), value.etag, value.id));
}

}  // namespace

Result<std::vector<model::Instance>> list_instances(const Session& session) {
  return read_all<model::Instance>(
      session.connection.query("SELECT instance, name, id_scope, service_host, allocation_policy, etag, created "
                               "FROM instance ORDER BY created, instance"),
      read_instance);
}

Result<model::InstanceConfig> load_config(const Session& session, const InstanceId& instance) {
  auto value = find_instance(session, instance);
  if (!value) return std::unexpected(value.error());
  auto policies = load_policies(session, instance);
  if (!policies) return std::unexpected(policies.error());
  auto hubs = load_hubs(session, instance);
  if (!hubs) return std::unexpected(hubs.error());
  auto certificates = load_certificates(session, instance);
  if (!certificates) return std::unexpected(certificates.error());
  auto hub_policies = load_hub_policies(session, instance);
  if (!hub_policies) return std::unexpected(hub_policies.error());
  return model::InstanceConfig{std::move(*value), std::move(*policies), std::move(*hubs), std::move(*certificates),
                               std::move(*hub_policies)};
}

Result<void> create_instance(const Session& session, const model::InstanceConfig& config) {
  const InstanceId& instance = config.instance.id;
  if (auto free = check_name_is_free(session, config.instance); !free) return free;
  if (auto written = insert_instance(session, config.instance); !written) return written;
  if (auto written = replace_policies(session, instance, config.policies); !written) return written;
  if (auto written = replace_hubs(session, instance, config.hubs); !written) return written;
  if (auto written = replace_hub_policies(session, instance, config.hub_policies); !written) return written;
  for (const auto& certificate : config.certificates) {
    if (auto written = write_certificate(session, instance, certificate); !written) return written;
  }
  return {};
}

Result<void> change_instance(const Session& session, const InstanceId& instance,
                             Change<model::InstanceConfig>& change) {
  auto current = load_config(session, instance);
  if (!current) return std::unexpected(current.error());
  auto next = change(&*current);
  if (!next) return std::unexpected(next.error());
  if (next->instance.id != instance) return fail(ErrorCode::kInternal, "The store failed.", "instance id changed");
  if (auto free = check_name_is_free(session, next->instance); !free) return free;
  if (auto written = update_instance(session, next->instance); !written) return written;
  if (auto written = replace_policies(session, instance, next->policies); !written) return written;
  if (auto written = replace_hubs(session, instance, next->hubs); !written) return written;
  return replace_hub_policies(session, instance, next->hub_policies);
}

}  // namespace muster::store::sqlite
