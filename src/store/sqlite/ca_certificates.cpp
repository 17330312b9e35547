#include "store/sqlite/ca_certificates.h"

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

/// Columns: name, certificate, verified, etag, created, updated.
Result<model::CaCertificate> read_certificate(const Statement& row) {
  auto certificate = crypto::Certificate::from_der(row.blob(1));
  if (!certificate) return damaged("CA certificate: " + certificate.error().message);
  return model::CaCertificate{.name = row.string(0),
                              .certificate = std::move(*certificate),
                              .verified = row.integer(2) != 0,
                              .etag = row.string(3),
                              .created = from_micros(row.integer(4)),
                              .updated = from_micros(row.integer(5))};
}

Result<std::optional<model::CaCertificate>> find_certificate(const Session& session, const InstanceId& instance,
                                                             const std::string& key) {
  return read_optional<model::CaCertificate>(
      session.connection.query("SELECT name, certificate, verified, etag, created, updated FROM ca_certificate "
                               "WHERE instance = ? AND name_key = ?",
                               instance, key),
      read_certificate);
}

}  // namespace

Result<std::vector<model::CaCertificate>> load_certificates(const Session& session, const InstanceId& instance) {
  return read_all<model::CaCertificate>(
      session.connection.query("SELECT name, certificate, verified, etag, created, updated FROM ca_certificate "
                               "WHERE instance = ? ORDER BY name_key",
                               instance),
      read_certificate);
}

Result<void> write_certificate(const Session& session, const InstanceId& instance, const model::CaCertificate& value) {
  return without_count(session.connection.run(
      "INSERT INTO ca_certificate (instance, name_key, name, certificate, verified, etag, created, updated) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, name_key) DO UPDATE SET name = excluded.name, certificate = excluded.certificate, "
      "verified = excluded.verified, etag = excluded.etag, created = excluded.created, updated = excluded.updated",
      instance, model::id_key(value.name), value.name, value.certificate.der(), value.verified ? 1 : 0, value.etag,
      to_micros(value.created), to_micros(value.updated)));
}

Result<model::CaCertificate> change_certificate(const Session& session, const InstanceId& instance,
                                                const std::string& name, Change<model::CaCertificate>& change) {
  const std::string key = model::id_key(name);
  auto current = find_certificate(session, instance, key);
  if (!current) return std::unexpected(current.error());
  auto next = change(*current ? &**current : nullptr);
  if (!next) return next;
  if (model::id_key(next->name) != key)
    return fail(ErrorCode::kInternal, "The store failed.", "certificate name changed");
  if (auto written = write_certificate(session, instance, *next); !written) return std::unexpected(written.error());
  return next;
}

Result<void> remove_certificate(const Session& session, const InstanceId& instance, const std::string& name,
                                Check<model::CaCertificate>& check) {
  const std::string key = model::id_key(name);
  auto current = find_certificate(session, instance, key);
  if (!current) return std::unexpected(current.error());
  if (!*current) return fail(ErrorCode::kNotFound, "Certificate not found.");
  if (auto allowed = check(**current); !allowed) return allowed;
  return without_count(
      session.connection.run("DELETE FROM ca_certificate WHERE instance = ? AND name_key = ?", instance, key));
}

}  // namespace muster::store::sqlite
