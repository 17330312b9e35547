#include "store/sqlite/registrations.h"

#include <algorithm>

#include "store/sqlite/operations.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

/// Column: body.
Result<model::Registration> read_registration(const Statement& row) {
  const auto body = parse_body(row.text(0));
  if (!body) return std::unexpected(body.error());
  return model::registration_from_stored_json(*body);
}

/// To be called with every statement that writes the table: readers keep records in memory.
void note_written(const Session& session, const InstanceId& instance, std::string_view registration_id) {
  if (session.written_records != nullptr) session.written_records->push_back(record_key(instance, registration_id));
}

Result<void> delete_registration(const Session& session, const InstanceId& instance, const std::string& key) {
  note_written(session, instance, key);
  auto removed =
      session.connection.run("DELETE FROM registration WHERE instance = ? AND registration_key = ?", instance, key);
  if (!removed) return std::unexpected(removed.error());
  return close_operations_of(session, instance, key);
}

}  // namespace

std::string record_key(const InstanceId& instance, std::string_view registration_id) {
  return instance + "/" + model::id_key(registration_id);
}

Result<std::optional<model::Registration>> find_registration(const Session& session, const InstanceId& instance,
                                                             const std::string& registration_id) {
  return read_optional<model::Registration>(
      session.connection.query("SELECT body FROM registration WHERE instance = ? AND registration_key = ?", instance,
                               model::id_key(registration_id)),
      read_registration);
}

Result<void> write_registration(const Session& session, const InstanceId& instance, const model::Registration& record) {
  forget_operation(session, instance, record.registration_id);
  note_written(session, instance, record.registration_id);
  return without_count(session.connection.run(
      "INSERT INTO registration (instance, registration_key, enrollment_kind, enrollment_key, status, body) "
      "VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, registration_key) DO UPDATE SET enrollment_kind = excluded.enrollment_kind, "
      "enrollment_key = excluded.enrollment_key, status = excluded.status, body = excluded.body",
      instance, model::id_key(record.registration_id), kind_code(record.enrollment_kind),
      model::id_key(record.enrollment_id), model::to_string(record.status), to_stored_text(record)));
}

Result<void> remove_registration(const Session& session, const InstanceId& instance, const std::string& registration_id,
                                 Check<model::Registration>& check) {
  const auto current = find_registration(session, instance, registration_id);
  if (!current) return std::unexpected(current.error());
  if (!*current) return fail(ErrorCode::kNotFound, "Registration not found.");
  if (auto allowed = check(**current); !allowed) return allowed;
  return delete_registration(session, instance, model::id_key(registration_id));
}

Result<void> remove_individual_registration(const Session& session, const InstanceId& instance,
                                            const std::string& registration_id) {
  const auto current = find_registration(session, instance, registration_id);
  if (!current) return std::unexpected(current.error());
  if (!*current || (*current)->enrollment_kind != EnrollmentKind::kIndividual) return {};
  return delete_registration(session, instance, model::id_key(registration_id));
}

Result<Page<model::Registration>> list_group_registrations(const Session& session, const InstanceId& instance,
                                                           const std::string& group, const std::string& after,
                                                           std::size_t limit) {
  const std::size_t count = std::max<std::size_t>(limit, 1);
  auto found = read_all<model::Registration>(
      session.connection.query("SELECT body FROM registration WHERE instance = ? AND enrollment_kind = 1 "
                               "AND enrollment_key = ? AND registration_key > ? ORDER BY registration_key LIMIT ?",
                               instance, model::id_key(group), after, count + 1),
      read_registration);
  if (!found) return std::unexpected(found.error());
  Page<model::Registration> page{.items = std::move(*found), .next = {}};
  if (page.items.size() > count) {
    page.items.pop_back();
    page.next = model::id_key(page.items.back().registration_id);
  }
  return page;
}

}  // namespace muster::store::sqlite
