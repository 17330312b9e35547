#include "store/sqlite/enrollments.h"

#include <algorithm>

#include "store/sqlite/certificate_links.h"
#include "store/sqlite/enrollment_row.h"
#include "store/sqlite/registrations.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

std::string_view describe(EnrollmentKind kind) {
  return kind == EnrollmentKind::kGroup ? "Enrollment group not found." : "Enrollment not found.";
}

Result<void> write_enrollment(const Session& session, const InstanceId& instance, const Enrollment& value) {
  const EnrollmentRow row = to_row(session.sealer, instance, value);
  return without_count(session.connection.run(
      "INSERT INTO enrollment (instance, kind, enrollment_key, attestation, status, body, primary_certificate, "
      "secondary_certificate, primary_key, secondary_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, kind, enrollment_key) DO UPDATE SET attestation = excluded.attestation, "
      "status = excluded.status, body = excluded.body, primary_certificate = excluded.primary_certificate, "
      "secondary_certificate = excluded.secondary_certificate, primary_key = excluded.primary_key, "
      "secondary_key = excluded.secondary_key",
      instance, kind_code(value.kind), model::id_key(value.id), row.attestation, row.status, row.body,
      row.primary_certificate, row.secondary_certificate, row.primary_key, row.secondary_key));
}

std::vector<std::string> links_of_entry(const std::optional<Enrollment>& value) {
  return value ? links_of(value->attestation) : std::vector<std::string>();
}

}  // namespace

Result<std::optional<Enrollment>> find_enrollment(const Session& session, const InstanceId& instance,
                                                  EnrollmentKind kind, const std::string& id) {
  return read_optional<Enrollment>(
      session.connection.query("SELECT kind, enrollment_key, body, primary_certificate, secondary_certificate, "
                               "primary_key, secondary_key FROM enrollment "
                               "WHERE instance = ? AND kind = ? AND enrollment_key = ?",
                               instance, kind_code(kind), model::id_key(id)),
      [&](const Statement& row) { return read_enrollment(session, instance, row); });
}

Result<std::vector<std::optional<Enrollment>>> find_enrollments(const Session& session, const InstanceId& instance,
                                                                EnrollmentKind kind,
                                                                const std::vector<std::string>& ids) {
  std::vector<std::optional<Enrollment>> found;
  found.reserve(ids.size());
  for (const std::string& id : ids) {
    auto entry = find_enrollment(session, instance, kind, id);
    if (!entry) return std::unexpected(std::move(entry).error());
    found.push_back(*std::move(entry));
  }
  return found;
}

Result<Enrollment> change_enrollment(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                                     const std::string& id, Change<Enrollment>& change) {
  auto current = find_enrollment(session, instance, kind, id);
  if (!current) return std::unexpected(current.error());
  auto next = change(*current ? &**current : nullptr);
  if (!next) return next;
  const std::string key = model::id_key(id);
  if (next->kind != kind || model::id_key(next->id) != key) {
    return fail(ErrorCode::kInternal, "The store failed.", "key of an enrollment changed");
  }
  if (auto written = write_enrollment(session, instance, *next); !written) return std::unexpected(written.error());
  auto linked = replace_links(session, instance, kind, key, links_of_entry(*current), links_of(next->attestation));
  if (!linked) return std::unexpected(linked.error());
  return next;
}

Result<void> remove_enrollment(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                               const std::string& id, Check<Enrollment>& check) {
  auto current = find_enrollment(session, instance, kind, id);
  if (!current) return std::unexpected(current.error());
  if (!*current) return fail(ErrorCode::kNotFound, std::string(describe(kind)));
  if (auto allowed = check(**current); !allowed) return allowed;
  const std::string key = model::id_key(id);
  auto removed = session.connection.run("DELETE FROM enrollment WHERE instance = ? AND kind = ? AND enrollment_key = ?",
                                        instance, kind_code(kind), key);
  if (!removed) return std::unexpected(removed.error());
  if (auto unlinked = replace_links(session, instance, kind, key, links_of_entry(*current), {}); !unlinked) {
    return unlinked;
  }
  // A group's records outlive it.
  if (kind == EnrollmentKind::kGroup) return {};
  return remove_individual_registration(session, instance, key);
}

Result<Page<Enrollment>> list_enrollments(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                                          const std::string& after, std::size_t limit) {
  const std::size_t count = std::max<std::size_t>(limit, 1);
  auto found = read_all<Enrollment>(
      session.connection.query("SELECT kind, enrollment_key, body, primary_certificate, secondary_certificate, "
                               "primary_key, secondary_key FROM enrollment "
                               "WHERE instance = ? AND kind = ? AND enrollment_key > ? "
                               "ORDER BY enrollment_key LIMIT ?",
                               instance, kind_code(kind), after, count + 1),
      [&](const Statement& row) { return read_enrollment(session, instance, row); });
  if (!found) return std::unexpected(found.error());
  Page<Enrollment> page{.items = std::move(*found), .next = {}};
  if (page.items.size() > count) {
    page.items.pop_back();
    page.next = model::id_key(page.items.back().id);
  }
  return page;
}

Result<std::vector<SymmetricGroup>> load_symmetric_groups(const Session& session, const InstanceId& instance) {
  return read_all<SymmetricGroup>(
      session.connection.query("SELECT kind, enrollment_key, body, primary_certificate, secondary_certificate, "
                               "primary_key, secondary_key FROM enrollment "
                               "WHERE instance = ? AND kind = 1 AND attestation = 'symmetricKey' "
                               "ORDER BY enrollment_key",
                               instance),
      [&](const Statement& row) -> Result<SymmetricGroup> {
        auto group = read_enrollment(session, instance, row);
        if (!group) return std::unexpected(group.error());
        auto* keys = std::get_if<model::SymmetricKeyAttestation>(&group->attestation);
        if (keys == nullptr) return damaged("attestation of a group");
        return SymmetricGroup{std::move(group->id), std::move(keys->primary), std::move(keys->secondary)};
      });
}

}  // namespace muster::store::sqlite
