#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_map>

#include <sqlite3.h>

#include "base/result.h"
#include "store/sqlite/statement.h"

namespace muster::store::sqlite {

enum class OpenMode { kCreate, kReadWrite, kReadOnly };
enum class CheckpointMode { kPassive, kTruncate };

/// One SQLite connection with its prepared statements. Movable, single owner; used by one thread at a time, because it
/// is opened without SQLite's own locking.
class Connection {
 public:
  /// Opens the file; with kCreate a missing file is made, readable by its owner only. Foreign keys are enforced, and
  /// waiting for another connection's lock ends after five seconds.
  static Result<Connection> open(const std::filesystem::path& path, OpenMode mode);

  Connection(Connection&& other) noexcept = default;
  Connection& operator=(Connection&& other) noexcept = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  /// Durable commits: write-ahead log, fsync at every commit, no checkpoint inside a commit.
  Result<void> use_write_ahead_log();
  /// How long to wait for a lock of another connection.
  void set_busy_timeout(int milliseconds);

  /// A cached statement with its parameters bound. One use at a time per text; a second one is kInternal.
  template <class... Args>
  Result<Statement> query(Sql sql, const Args&... args) {
    Result<Statement> statement = prepare(sql);
    if (!statement) return statement;
    int index = 0;
    (statement->bind(++index, args), ...);
    return statement;
  }

  /// Runs a statement that gives no rows; the result counts the rows it changed.
  template <class... Args>
  Result<std::size_t> run(Sql sql, const Args&... args) {
    Result<Statement> statement = prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    int index = 0;
    (statement->bind(++index, args, Bound::kKept), ...);  // the arguments outlive the call
    return finish(*statement);
  }

  /// Runs one or several statements that are not worth caching: migrations, settings.
  Result<void> execute(const std::string& sql);

  /// Undoes the open transaction, if there is one. A failure is logged; the caller has its own error to report.
  void roll_back();

  /// For calls of SQLite that concern a whole database.
  [[nodiscard]] sqlite3* native() const { return database_.get(); }

  /// Some failures (full disk) end a transaction by themselves.
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
  /// Rows inserted, updated and deleted since the connection was opened; what was undone since stays counted.
  [[nodiscard]] std::int64_t rows_changed() const { return sqlite3_total_changes64(database_.get()); }
  /// Pages in the write-ahead log after the last commit of this connection.
  [[nodiscard]] std::size_t wal_pages() const { return *wal_pages_; }
  /// Copies the log into the database file. The result counts the pages of the log that are in the file now; kTruncate
  /// is kUnavailable while a reader needs the log.
  Result<std::size_t> checkpoint(CheckpointMode mode);

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  explicit Connection(sqlite3* database);
  Result<Statement> prepare(Sql sql);
  Result<std::size_t> finish(Statement& statement);
  [[nodiscard]] Error failure(int code) const;

  std::unique_ptr<sqlite3, Close> database_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;  // key: the literal's address
  std::unique_ptr<std::size_t> wal_pages_;  // on the heap: SQLite's hook keeps its address
};

/// A transaction for reading several rows of one moment. Ends with the object.
class ReadTransaction {
 public:
  static Result<ReadTransaction> begin(Connection& connection);

  ReadTransaction(ReadTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  ReadTransaction& operator=(ReadTransaction&&) = delete;
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ~ReadTransaction();

 private:
  explicit ReadTransaction(Connection& connection) : connection_(&connection) {}

  Connection* connection_;
};

}  // namespace muster::store::sqlite
