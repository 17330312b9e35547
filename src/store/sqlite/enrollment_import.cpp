#include "store/sqlite/enrollment_import.h"

#include <algorithm>
#include <numeric>

#include "store/sqlite/certificate_links.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

Error outdated() {
  return {ErrorCode::kPreconditionFailed, "Precondition failed."};
}

/// Writes the entries of one instance and kind.
struct Import {
  const Session& session;
  Transaction& transaction;
  RowCounter& counter;
  const InstanceId& instance;
  EnrollmentKind kind;

  /// Why the entry is refused; nullopt: it is written. An error is a failure of the database.
  [[nodiscard]] Result<std::optional<Error>> write(const PreparedEntry& entry) const {
    // Where rows are counted nothing may be counted that is not written; else the insertion itself finds out.
    if (!entry.replaces.empty() || counter.limits(entry.counts_as)) {
      auto current = is_current(entry);
      if (!current) return std::unexpected(current.error());
      if (!*current) return outdated();
    }
    if (auto taken = find_conflict(session, instance, kind, entry.key, entry.links); !taken || *taken) return taken;
    if (auto counted = count(entry); !counted) return counted.error();
    auto written = entry.replaces.empty() ? insert(entry) : update(entry);
    if (!written) return std::unexpected(written.error());
    if (*written == 0) return outdated();
    auto linked = replace_links(session, instance, kind, entry.key, entry.former_links, entry.links);
    if (!linked) return std::unexpected(linked.error());
    return std::nullopt;
  }

  /// One row more of its kind, unless it takes the place of one.
  [[nodiscard]] Result<void> count(const PreparedEntry& entry) const {
    if (entry.counts_as == entry.counted_before) return {};
    if (auto added = counter.add(transaction, instance, entry.counts_as); !added) return added;
    if (entry.counted_before) counter.remove(transaction, instance, *entry.counted_before);
    return {};
  }

  [[nodiscard]] Result<bool> is_current(const PreparedEntry& entry) const {
    auto etag = read_optional<std::string>(
        session.connection.query("SELECT body FROM enrollment WHERE instance = ? AND kind = ? AND enrollment_key = ?",
                                 instance, kind_code(kind), entry.key),
        [](const Statement& row) { return etag_of_body(row.text(0)); });
    if (!etag) return std::unexpected(etag.error());
    return etag->value_or("") == entry.replaces;
  }

  [[nodiscard]] Result<std::size_t> insert(const PreparedEntry& entry) const {
    const EnrollmentRow& row = entry.row;
    return session.connection.run(
        "INSERT INTO enrollment (instance, kind, enrollment_key, attestation, status, body, primary_certificate, "
        "secondary_certificate, primary_key, secondary_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (instance, kind, enrollment_key) DO NOTHING",
        instance, kind_code(kind), entry.key, row.attestation, row.status, row.body, row.primary_certificate,
        row.secondary_certificate, row.primary_key, row.secondary_key);
  }

  [[nodiscard]] Result<std::size_t> update(const PreparedEntry& entry) const {
    const EnrollmentRow& row = entry.row;
    return session.connection.run(
        "UPDATE enrollment SET attestation = ?, status = ?, body = ?, primary_certificate = ?, "
        "secondary_certificate = ?, primary_key = ?, secondary_key = ? "
        "WHERE instance = ? AND kind = ? AND enrollment_key = ?",
        row.attestation, row.status, row.body, row.primary_certificate, row.secondary_certificate, row.primary_key,
        row.secondary_key, instance, kind_code(kind), entry.key);
  }
};

bool has_links(const PreparedEntry& entry) {
  return !entry.links.empty() || !entry.former_links.empty();
}

/// In the order of the keys the writes go through the tree once. Entries with certificates keep their order, because
/// one may take over what another gives up.
std::vector<std::size_t> writing_order(const std::vector<PreparedEntry>& entries) {
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0);
  if (std::ranges::none_of(entries, has_links)) {
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(std::string_view(entries[i].key), i); });
  }
  return order;
}

}  // namespace

PreparedEntry prepare_entry(const crypto::Sealer& sealer, const InstanceId& instance, const ImportEntry& entry) {
  PreparedEntry out{.key = model::id_key(entry.value.id),
                    .row = to_row(sealer, instance, entry.value),
                    .links = links_of(entry.value.attestation),
                    .former_links = {},
                    .replaces = {},
                    .counts_as = counted_as(entry.value),
                    .counted_before = std::nullopt};
  if (entry.current) {
    out.former_links = links_of(entry.current->attestation);
    out.replaces = entry.current->etag;
    out.counted_before = counted_as(*entry.current);
  }
  return out;
}

Result<ImportOutcomes> import_enrollments(const Session& session, Transaction& transaction, RowCounter& counter,
                                          const InstanceId& instance, EnrollmentKind kind,
                                          const std::vector<PreparedEntry>& entries) {
  const Import import{session, transaction, counter, instance, kind};
  ImportOutcomes outcomes(entries.size());
  for (const std::size_t i : writing_order(entries)) {
    auto refused = import.write(entries[i]);
    if (!refused) return std::unexpected(std::move(refused).error());
    if (*refused) outcomes[i] = std::unexpected(**std::move(refused));
  }
  return outcomes;
}

}  // namespace muster::store::sqlite
