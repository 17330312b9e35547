#include "store/sqlite/backup.h"

#include <memory>

#include <fmt/format.h>

#include "store/sqlite/master_key.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/schema.h"

namespace muster::store {
namespace {

using sqlite::Connection;
using sqlite::OpenMode;

/// Enough for each step to be worth its calls, few enough for the progress to move.
constexpr int kPagesPerStep = 1024;

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};
using BackupPtr = std::unique_ptr<sqlite3_backup, FinishBackup>;

Result<void> step_through(sqlite3_backup& backup, const CopyProgress& progress) {
  while (true) {
    const int code = sqlite3_backup_step(&backup, kPagesPerStep);
    if (code != SQLITE_OK && code != SQLITE_DONE) return std::unexpected(sqlite::sqlite_error(nullptr, code));
    const auto all = static_cast<std::uint64_t>(sqlite3_backup_pagecount(&backup));
    progress(all - static_cast<std::uint64_t>(sqlite3_backup_remaining(&backup)), all);
    if (code == SQLITE_DONE) return {};
  }
}

/// Names the file: a copy has two, and whoever asked for it has no log of the store.
std::unexpected<Error> failed(const std::filesystem::path& file, const Error& error) {
  return fail(error.code, fmt::format("{}: {} ({})", file.string(), error.message, error.detail), error.detail);
}

/// A database that nobody has open any more has no log, and SQLite cannot make the files of one for a reader.
Result<Connection> open_source(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return fail(ErrorCode::kNotFound, path.string() + ": there is no database.");
  auto opened = Connection::open(path, OpenMode::kReadWrite);
  if (!opened) return failed(path, opened.error());
  return opened;
}

}  // namespace

int known_schema_version() {
  return sqlite::kSchemaVersion;
}

Result<void> copy_database(const std::filesystem::path& from, const std::filesystem::path& to,
                           const CopyProgress& progress) {
  if (std::filesystem::exists(to)) return fail(ErrorCode::kConflict, to.string() + ": exists already.");
  auto source = open_source(from);
  if (!source) return std::unexpected(source.error());
  auto target = Connection::open(to, OpenMode::kCreate);
  if (!target) return failed(to, target.error());
  if (auto set = target->execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF"); !set) return set;
  // A copy whose source changes begins anew; a transaction that stays open holds the moment still.
  const auto moment = sqlite::ReadTransaction::begin(*source);
  if (!moment) return failed(from, moment.error());
  if (auto read = sqlite::schema_version(*source); !read) return failed(from, read.error());
  const BackupPtr backup(sqlite3_backup_init(target->native(), "main", source->native(), "main"));
  if (backup == nullptr) {
    return failed(to, sqlite::sqlite_error(target->native(), sqlite3_extended_errcode(target->native())));
  }
  if (auto copied = step_through(*backup, progress); !copied) return failed(to, copied.error());
  return {};
}

Result<int> examine_database(const std::filesystem::path& file) {
  auto connection = Connection::open(file, OpenMode::kReadWrite);
  if (!connection) return std::unexpected(connection.error());
  auto version = sqlite::schema_version(*connection);
  if (!version) return version;
  const auto reports =
      sqlite::read_all<std::string>(connection->query("PRAGMA integrity_check(1)"),
                                    [](const auto& row) { return Result<std::string>(row.string(0)); });
  if (!reports) return std::unexpected(reports.error());
  if (reports->size() != 1 || reports->front() != "ok") {
    return fail(ErrorCode::kInternal, "The database of the store is damaged.",
                reports->empty() ? "no report" : reports->front());
  }
  return version;
}

Result<void> examine_master_key(const std::filesystem::path& file, const crypto::Sealer& sealer) {
  auto connection = Connection::open(file, OpenMode::kReadWrite);
  if (!connection) return std::unexpected(connection.error());
  const auto known = sqlite::knows_master_key({*connection, sealer});
  if (!known) return fail(ErrorCode::kUnauthorized, known.error().message, known.error().detail);
  if (!*known) return fail(ErrorCode::kInternal, "The database has never been opened by a service.");
  return {};
}

}  // namespace muster::store
