// The reference of bench/import: what SQLite itself needs for the rows of an import. Reads the enrollments of a
// database that Muster wrote, then inserts them into a new one: same tables, same values, same order, WAL and
// synchronous=FULL, transactions of the same size. Prints the seconds of the insertions as JSON.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <sqlite3.h>
#include <sys/resource.h>

namespace {

[[noreturn]] void give_up(const char* what, const char* why) {
  std::fprintf(stderr, "bench_insert: %s: %s\n", what, why);
  std::exit(1);
}

class Database {
 public:
  Database(const char* path, int flags) {
    if (sqlite3_open_v2(path, &handle_, flags, nullptr) != SQLITE_OK) give_up(path, sqlite3_errmsg(handle_));
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      give_up(sql.c_str(), sqlite3_errmsg(handle_));
    }
  }
  [[nodiscard]] sqlite3_stmt* prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      give_up(sql.c_str(), sqlite3_errmsg(handle_));
    }
    return statement;
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) give_up("insert", sqlite3_errmsg(handle_));
    sqlite3_reset(statement);
  }

 private:
  sqlite3* handle_ = nullptr;
};

using Row = std::vector<sqlite3_value*>;

std::vector<Row> read_rows(Database& source) {
  std::vector<Row> rows;
  sqlite3_stmt* statement = source.prepare("SELECT * FROM enrollment ORDER BY instance, kind, enrollment_key");
  while (sqlite3_step(statement) == SQLITE_ROW) {
    Row& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      row.push_back(sqlite3_value_dup(sqlite3_column_value(statement, i)));
    }
  }
  sqlite3_finalize(statement);
  return rows;
}

/// All tables and indexes, and the rows that enrollments refer to.
void copy_schema(Database& source, Database& target, const std::string& source_path) {
  sqlite3_stmt* statement = source.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL");
  while (sqlite3_step(statement) == SQLITE_ROW) {
    target.run(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
  }
  sqlite3_finalize(statement);
  target.run("ATTACH '" + source_path +
             "' AS source; INSERT INTO instance SELECT * FROM source.instance; DETACH source");
}

double insert_rows(Database& target, const std::vector<Row>& rows, std::size_t transaction_size) {
  std::string places = "?";
  for (std::size_t i = 1; !rows.empty() && i < rows.front().size(); ++i) places += ",?";
  sqlite3_stmt* statement = target.prepare("INSERT INTO enrollment VALUES (" + places + ")");
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < rows.size();) {
    target.run("BEGIN IMMEDIATE");
    for (const std::size_t end = std::min(i + transaction_size, rows.size()); i < end; ++i) {
      for (std::size_t column = 0; column < rows[i].size(); ++column) {
        sqlite3_bind_value(statement, static_cast<int>(column) + 1, rows[i][column]);
      }
      target.step(statement);
    }
    target.run("COMMIT");
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  sqlite3_finalize(statement);
  return seconds;
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) give_up("usage", "bench_insert SOURCE-DATABASE NEW-DATABASE ROWS-PER-TRANSACTION");
  const std::size_t transaction_size = std::strtoul(argv[3], nullptr, 10);
  if (transaction_size == 0 || std::filesystem::exists(argv[2]))
    give_up("usage", "a new database and a positive number");
  Database source(argv[1], SQLITE_OPEN_READONLY);
  Database target(argv[2], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  target.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  copy_schema(source, target, argv[1]);
  const std::vector<Row> rows = read_rows(source);
  const double before = processor_seconds();
  const double seconds = insert_rows(target, rows, transaction_size);
  std::printf("{\"rows\": %zu, \"seconds\": %.6f, \"processor\": %.6f}\n", rows.size(), seconds,
              processor_seconds() - before);
  return 0;
}
