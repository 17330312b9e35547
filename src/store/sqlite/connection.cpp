#include "store/sqlite/connection.h"

#include <algorithm>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

namespace muster::store::sqlite {
namespace {

constexpr int kBusyTimeoutMilliseconds = 5000;

/// SQLite would make the file readable by everybody; its log files take the mode of the database.
void make_private_file(const std::filesystem::path& path) {
  // Only a file that did not exist is opened: closing a second descriptor of an open database drops its locks.
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file >= 0) ::close(file);
}

int open_flags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kCreate:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case OpenMode::kReadWrite:
      return SQLITE_OPEN_READWRITE;
    case OpenMode::kReadOnly:
      return SQLITE_OPEN_READONLY;
  }
  std::unreachable();
}

int note_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<std::size_t*>(pages) = static_cast<std::size_t>(count);
  return SQLITE_OK;
}

void log_end_failure(const Error& error) {
  log_warning("store.transaction-end-failed", {{"error", error.message}, {"detail", error.detail}});
}

/// SQLite counts its memory for a question that nobody asks, under one lock for all connections of the process.
void stop_counting_memory() {
  // Refused, and without consequence, when SQLite is in use already.
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(configured);
}

}  // namespace

Connection::Connection(sqlite3* database) : database_(database), wal_pages_(std::make_unique<std::size_t>(0)) {
}

Result<Connection> Connection::open(const std::filesystem::path& path, OpenMode mode) {
  if (mode == OpenMode::kCreate) make_private_file(path);
  stop_counting_memory();
  sqlite3* database = nullptr;
  const int flags = open_flags(mode) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  Connection connection(database);
  if (code != SQLITE_OK) return std::unexpected(connection.failure(code));
  connection.set_busy_timeout(kBusyTimeoutMilliseconds);
  // The schema and the cells of a file that someone else may have written are not trusted. What a savepoint needs to
  // undo its changes is kept in memory: it is little, and in files it would be written beside every batch.
  if (auto set = connection.execute("PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; "
                                    "PRAGMA temp_store=MEMORY");
      !set) {
    return std::unexpected(set.error());
  }
  return connection;
}

Result<void> Connection::use_write_ahead_log() {
  if (auto set = execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0"); !set)
    return set;
  sqlite3_wal_hook(database_.get(), note_wal_pages, wal_pages_.get());
  return {};
}

void Connection::set_busy_timeout(int milliseconds) {
  sqlite3_busy_timeout(database_.get(), milliseconds);
}

Result<Statement> Connection::prepare(Sql sql) {
  auto& cached = statements_[sql.text()];
  if (!cached) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(database_.get(), sql.text(), -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) return std::unexpected(failure(code));
    cached.reset(made);
  }
  if (sqlite3_stmt_busy(cached.get()) != 0) return fail(ErrorCode::kInternal, "The store failed.", "statement in use");
  return Statement(cached.get());
}

Result<std::size_t> Connection::finish(Statement& statement) {
  const Result<bool> row = statement.step();
  if (!row) return std::unexpected(row.error());
  return static_cast<std::size_t>(sqlite3_changes64(database_.get()));
}

Result<void> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(failure(code));
  return {};
}

void Connection::roll_back() {
  if (!in_transaction()) return;
  if (auto undone = run("ROLLBACK"); !undone) log_end_failure(undone.error());
}

Result<std::size_t> Connection::checkpoint(CheckpointMode mode) {
  const int how = mode == CheckpointMode::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  int in_log = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, how, &in_log, &copied);
  if (code != SQLITE_OK) return std::unexpected(failure(code));
  return static_cast<std::size_t>(std::max(copied, 0));
}

Error Connection::failure(int code) const {
  return sqlite_error(database_.get(), code);
}

Result<ReadTransaction> ReadTransaction::begin(Connection& connection) {
  if (auto begun = connection.run("BEGIN"); !begun) return std::unexpected(begun.error());
  return ReadTransaction(connection);
}

ReadTransaction::~ReadTransaction() {
  // The end of a transaction that only read cannot lose anything, so a failure is only logged.
  if (connection_ == nullptr) return;
  if (auto ended = connection_->run("COMMIT"); !ended) log_end_failure(ended.error());
}

}  // namespace muster::store::sqlite
