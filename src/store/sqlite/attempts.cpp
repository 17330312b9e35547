#include "store/sqlite/attempts.h"

#include <algorithm>

#include "base/random.h"
#include "base/text.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

/// Greater than every tracking id: hexadecimal digits and dashes come before it.
constexpr std::string_view kAfterAll = "~";

/// Column: body.
Result<model::Attempt> read_attempt(const Statement& row) {
  const auto body = parse_body(row.text(0));
  if (!body) return std::unexpected(body.error());
  return model::attempt_from_stored_json(*body);
}

/// The rows of a filter, newest first. One statement for each index; what an index does not cover is filtered here.
Result<Statement> select(const Session& session, const InstanceId& instance, const AttemptFilter& filter,
                         std::string_view before, std::size_t count) {
  const int least_failed = filter.failed_only ? 1 : 0;
  if (!filter.registration_id.empty()) {
    return session.connection.query(
        "SELECT body FROM attempt WHERE instance = ? AND registration_key = ? AND tracking_id < ? AND failed >= ? "
        "AND (? = '' OR thumbprint = ?) ORDER BY tracking_id DESC LIMIT ?",
        instance, model::id_key(filter.registration_id), before, least_failed, filter.thumbprint, filter.thumbprint,
        count);
  }
  if (!filter.thumbprint.empty()) {
    return session.connection.query(
        "SELECT body FROM attempt WHERE instance = ? AND thumbprint = ? AND thumbprint <> '' AND tracking_id < ? "
        "AND failed >= ? ORDER BY tracking_id DESC LIMIT ?",
        instance, filter.thumbprint, before, least_failed, count);
  }
  if (filter.failed_only) {
    return session.connection.query(
        "SELECT body FROM attempt WHERE instance = ? AND failed = 1 AND tracking_id < ? "
        "ORDER BY tracking_id DESC LIMIT ?",
        instance, before, count);
  }
  return session.connection.query(
      "SELECT body FROM attempt WHERE instance = ? AND tracking_id < ? ORDER BY tracking_id DESC LIMIT ?", instance,
      before, count);
}

/// The end of what is to go: everything below it is too old or too much.
Result<std::string> cut_of(const Session& session, const InstanceId& instance, TimePoint before, std::size_t keep) {
  auto excess = read_optional<std::string>(
      session.connection.query(
          "SELECT tracking_id FROM attempt WHERE instance = ? ORDER BY tracking_id DESC LIMIT 1 OFFSET ?", instance,
          keep),
      [](const Statement& row) -> Result<std::string> { return row.string(0); });
  if (!excess) return std::unexpected(excess.error());
  std::string cut = first_time_ordered_guid(before);
  if (*excess) cut = std::max(cut, **excess + std::string(kAfterAll));
  return cut;
}

}  // namespace

Result<void> add_attempt(const Session& session, const InstanceId& instance, const model::Attempt& attempt) {
  return without_count(session.connection.run(
      "INSERT INTO attempt (instance, tracking_id, registration_key, thumbprint, failed, body) "
      "VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, tracking_id) DO UPDATE SET registration_key = excluded.registration_key, "
      "thumbprint = excluded.thumbprint, failed = excluded.failed, body = excluded.body",
      instance, attempt.tracking_id, model::id_key(attempt.registration_id), attempt.thumbprint,
      attempt.failed() ? 1 : 0, to_stored_text(attempt)));
}

Result<std::optional<model::Attempt>> find_attempt(const Session& session, const InstanceId& instance,
                                                   const std::string& tracking_id) {
  return read_optional<model::Attempt>(
      session.connection.query("SELECT body FROM attempt WHERE instance = ? AND tracking_id = ?", instance,
                               to_lower(tracking_id)),
      read_attempt);
}

Result<Page<model::Attempt>> list_attempts(const Session& session, const InstanceId& instance,
                                           const AttemptFilter& filter, const std::string& before, std::size_t limit) {
  const std::size_t count = std::max<std::size_t>(limit, 1);
  auto found = read_all<model::Attempt>(
      select(session, instance, filter, before.empty() ? kAfterAll : std::string_view(before), count + 1),
      read_attempt);
  if (!found) return std::unexpected(found.error());
  Page<model::Attempt> page{.items = std::move(*found), .next = {}};
  if (page.items.size() > count) {
    page.items.pop_back();
    page.next = page.items.back().tracking_id;
  }
  return page;
}

Result<std::size_t> trim_attempts(const Session& session, const InstanceId& instance, TimePoint before,
                                  std::size_t keep, std::size_t limit) {
  const auto cut = cut_of(session, instance, before, keep);
  if (!cut) return std::unexpected(cut.error());
  return session.connection.run(
      "DELETE FROM attempt WHERE instance = ? AND tracking_id IN "
      "(SELECT tracking_id FROM attempt WHERE instance = ? AND tracking_id < ? ORDER BY tracking_id LIMIT ?)",
      instance, instance, *cut, limit);
}

}  // namespace muster::store::sqlite
