#include "store/sqlite/master_key.h"

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

constexpr std::string_view kContext = "store|master-key";

Result<void> leave_mark(const Session& session) {
  const SecretBytes mark(as_bytes("muster"));
  return without_count(session.connection.run("INSERT INTO store_property (name, value) VALUES ('master-key', ?)",
                                              session.sealer.seal(mark, kContext)));
}

}  // namespace

Result<bool> knows_master_key(const Session& session) {
  const auto mark = read_optional<Bytes>(
      session.connection.query("SELECT value FROM store_property WHERE name = 'master-key'"),
      [](const Statement& row) { return Result<Bytes>(Bytes(row.blob(0).begin(), row.blob(0).end())); });
  if (!mark) return std::unexpected(mark.error());
  if (!*mark) return false;
  const auto opened = session.sealer.open(**mark, kContext);
  if (opened) return true;
  return fail(ErrorCode::kInternal, "The master key is not the one this database was made with.",
              opened.error().detail);
}

Result<void> check_master_key(const Session& session) {
  const auto known = knows_master_key(session);
  if (!known) return std::unexpected(known.error());
  if (*known) return {};
  return leave_mark(session);
}

}  // namespace muster::store::sqlite
