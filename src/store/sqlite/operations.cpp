#include "store/sqlite/operations.h"

#include "store/sqlite/attempts.h"
#include "store/sqlite/hub_devices.h"
#include "store/sqlite/hub_leftovers.h"
#include "store/sqlite/registrations.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/tpm_challenges.h"

namespace muster::store::sqlite {
namespace {

/// Columns: body, is_open.
Result<model::Operation> read_operation(const Statement& row) {
  const auto body = parse_body(row.text(0));
  if (!body) return std::unexpected(body.error());
  auto operation = model::operation_from_stored_json(*body);
  if (operation) operation->open = row.integer(1) != 0;
  return operation;
}

// INDEXED BY: without statistics SQLite would rather walk all operations of the instance along the primary key.
Result<std::optional<model::Operation>> find_open(const Session& session, const InstanceId& instance,
                                                  const std::string& registration_key) {
  return read_optional<model::Operation>(
      session.connection.query("SELECT body, is_open FROM operation INDEXED BY operation_open "
                               "WHERE instance = ? AND registration_key = ? AND is_open = 1",
                               instance, registration_key),
      read_operation);
}

Result<std::optional<model::Operation>> find_by_id(const Session& session, const InstanceId& instance,
                                                   const std::string& operation_id) {
  return read_optional<model::Operation>(
      session.connection.query("SELECT body, is_open FROM operation WHERE instance = ? AND operation_id = ?", instance,
                               operation_id),
      read_operation);
}

bool same_entry_and_credential(const model::Operation& a, const model::Operation& b) {
  return a.enrollment_kind == b.enrollment_kind && model::id_key(a.enrollment_id) == model::id_key(b.enrollment_id) &&
         a.attestation == b.attestation && a.thumbprint == b.thumbprint && a.challenge == b.challenge;
}

Result<void> insert_operation(const Session& session, const InstanceId& instance, const model::Operation& operation) {
  return without_count(
      session.connection.run("INSERT INTO operation (instance, operation_id, registration_key, is_open, begun, body) "
                             "VALUES (?, ?, ?, ?, ?, ?)",
                             instance, operation.id, model::id_key(operation.registration_id), operation.open ? 1 : 0,
                             to_micros(operation.begun), to_stored_text(operation)));
}

/// What never changes after the first registration: the spelling (design section 9) and the time of it.
void keep_origin(model::Registration& record, const std::optional<model::Registration>& current) {
  if (!current) return;
  record.registration_id = current->registration_id;
  record.created = current->created;
}

/// The state while an operation is open.
model::Registration assigning(model::Registration record, const std::optional<model::Registration>& current) {
  keep_origin(record, current);
  record.status = model::RegistrationStatus::kAssigning;
  record.substatus.reset();
  record.error_code = 0;
  record.error_message.clear();
  if (current) {
    record.assigned_hub = current->assigned_hub;
    record.device_id = current->device_id;
  }
  return record;
}

/// Within a change: out of the cache when no earlier change of the batch touched the device.
Result<SharedOperationState> current_state(const Session& session, const InstanceId& instance,
                                           const std::string& operation_id) {
  if (session.operations != nullptr) {
    if (auto cached = session.operations->find(instance, operation_id)) return cached;
  }
  return find_operation(session, instance, operation_id);
}

/// An entry that was deleted or disabled since the device was judged is for the long way, which explains it.
Result<bool> lets_in(const Session& session, const InstanceId& instance, const model::Operation& operation) {
  auto status =
      session.connection.query("SELECT status FROM enrollment WHERE instance = ? AND kind = ? AND enrollment_key = ?",
                               instance, kind_code(operation.enrollment_kind), model::id_key(operation.enrollment_id));
  if (!status) return std::unexpected(status.error());
  const Result<bool> found = status->step();
  if (!found) return found;
  return *found && status->text(0) == to_string(model::ProvisioningStatus::kEnabled);
}

/// Writes what belongs to an end beside operation and record. `end` lives until the commit: hooks refer to it.
Result<void> write_end(const Session& session, const InstanceId& instance, OperationEnd& end, CommitHooks& hooks) {
  if (auto& device = end.device) {
    if (auto put = apply_device_change(session, instance, *device); !put) return put;
    if (device->committed) hooks.emplace_back([&device] { device->committed(); });
  }
  if (auto& removal = end.removal) {
    auto removed = remove_hub_device(session, instance, removal->hub, removal->device_id, removal->check);
    if (!removed && removed.error().code != ErrorCode::kNotFound) return removed;
    if (removed && removal->committed) hooks.emplace_back([&removal] { removal->committed(); });
  }
  if (end.leftover) {
    auto noted = note_hub_leftover(session, instance, *end.leftover);
    if (!noted) return std::unexpected(noted.error());
  }
  if (end.attempt) return add_attempt(session, instance, *end.attempt);
  return {};
}

/// Makes `begun` an ended operation when it can be one.
Result<void> end_at_once(const Session& session, const InstanceId& instance, OperationState& begun, EndAtOnce& end,
                         std::optional<OperationEnd>& ending, CommitHooks& hooks) {
  const auto allowed = lets_in(session, instance, begun.operation);
  if (!allowed) return std::unexpected(allowed.error());
  ending = *allowed ? end(*begun.registration) : std::nullopt;
  if (!ending) return {};
  if (auto written = write_end(session, instance, *ending, hooks); !written) return written;
  keep_origin(ending->record, begun.registration);
  begun.registration = std::move(ending->record);
  begun.operation.open = false;
  return {};
}

}  // namespace

Result<SharedOperationState> begin_operation(const Session& session, const InstanceId& instance,
                                             const model::Operation& operation, const model::Registration& record,
                                             EndAtOnce& end, std::optional<OperationEnd>& ending, CommitHooks& hooks) {
  const std::string key = model::id_key(operation.registration_id);
  if (model::id_key(record.registration_id) != key) {
    return fail(ErrorCode::kInternal, "The store failed.", "record of another device");
  }
  auto open = find_open(session, instance, key);
  if (!open) return std::unexpected(open.error());
  if (*open && same_entry_and_credential(**open, operation)) {
    return std::make_shared<const OperationState>(OperationState{std::move(**open), std::nullopt});
  }
  if (auto spent = spend_tpm_challenge(session, instance, operation); !spent) return std::unexpected(spent.error());
  if (*open) {
    if (auto closed = close_operations_of(session, instance, key); !closed) return std::unexpected(closed.error());
  }
  const auto current = find_registration(session, instance, key);
  if (!current) return std::unexpected(current.error());
  auto begun = std::make_shared<OperationState>(OperationState{operation, assigning(record, *current)});
  begun->operation.open = true;
  if (end) {
    if (auto ended = end_at_once(session, instance, *begun, end, ending, hooks); !ended)
      return std::unexpected(ended.error());
  }
  auto written = insert_operation(session, instance, begun->operation);
  if (written) written = write_registration(session, instance, *begun->registration);
  if (!written) return std::unexpected(written.error());
  return begun;
}

Result<SharedOperationState> find_operation(const Session& session, const InstanceId& instance,
                                            const std::string& operation_id) {
  auto operation = find_by_id(session, instance, operation_id);
  if (!operation) return std::unexpected(operation.error());
  if (!*operation) return fail(ErrorCode::kNotFound, "Operation not found.");
  auto record = find_registration(session, instance, (*operation)->registration_id);
  if (!record) return std::unexpected(record.error());
  return std::make_shared<const OperationState>(OperationState{std::move(**operation), std::move(*record)});
}

Result<SharedOperationState> complete_operation(const Session& session, const InstanceId& instance,
                                                const std::string& operation_id, OperationEnd& end,
                                                CommitHooks& hooks) {
  auto found = current_state(session, instance, operation_id);
  if (!found) return found;
  const auto& [operation, current] = **found;
  // Beginning another operation closes this one, so an open one is the device's last.
  if (!operation.open) return fail(ErrorCode::kConflict, "The operation has ended.");
  const std::string key = model::id_key(operation.registration_id);
  const model::Registration& record = end.record;
  if (model::id_key(record.registration_id) != key) {
    return fail(ErrorCode::kInternal, "The store failed.", "record of another device");
  }
  auto completed = std::make_shared<OperationState>(OperationState{operation, record});
  completed->operation.open = false;
  keep_origin(*completed->registration, current);
  auto written = write_registration(session, instance, *completed->registration);
  if (written && record.status == model::RegistrationStatus::kAssigned) {
    written = drop_hub_leftover(session, instance, record.assigned_hub, record.device_id);
  }
  if (written) written = write_end(session, instance, end, hooks);
  if (written) written = close_operations_of(session, instance, key);
  if (!written) return std::unexpected(written.error());
  return completed;
}

Result<std::vector<std::pair<InstanceId, model::Operation>>> open_operations(const Session& session,
                                                                             std::size_t limit) {
  using Owned = std::pair<InstanceId, model::Operation>;
  return read_all<Owned>(
      session.connection.query(
          "SELECT body, is_open, instance FROM operation WHERE is_open = 1 ORDER BY begun, operation_id LIMIT ?",
          limit),
      [](const Statement& row) -> Result<Owned> {
        auto operation = read_operation(row);
        if (!operation) return std::unexpected(operation.error());
        return Owned(row.string(2), std::move(*operation));
      });
}

Result<std::size_t> purge_operations(const Session& session, TimePoint before, std::size_t limit) {
  return session.connection.run(
      "DELETE FROM operation WHERE (instance, operation_id) IN "
      "(SELECT instance, operation_id FROM operation WHERE is_open = 0 AND begun < ? LIMIT ?)",
      to_micros(before), limit);
}

Result<void> close_operations_of(const Session& session, const InstanceId& instance,
                                 const std::string& registration_key) {
  forget_operation(session, instance, registration_key);
  return without_count(
      session.connection.run("UPDATE operation INDEXED BY operation_open SET is_open = 0 "
                             "WHERE instance = ? AND registration_key = ? AND is_open = 1",
                             instance, registration_key));
}

}  // namespace muster::store::sqlite
