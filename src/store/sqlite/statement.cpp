#include "store/sqlite/statement.h"

namespace muster::store::sqlite {
namespace {

Error constraint_error(int code, std::string detail) {
  switch (code) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
      return {ErrorCode::kConflict, "An entry with this name exists already.", std::move(detail)};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {ErrorCode::kNotFound, "Instance not found.", std::move(detail)};
    default:
      return {ErrorCode::kInternal, "The store failed.", std::move(detail)};
  }
}

sqlite3_destructor_type destructor_of(Bound bound) {
  return bound == Bound::kKept ? SQLITE_STATIC : SQLITE_TRANSIENT;
}

}  // namespace

Error sqlite_error(sqlite3* database, int code) {
  std::string detail = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  detail += " (SQLite " + std::to_string(code) + ")";
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return constraint_error(code, std::move(detail));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable, "The store is busy.", std::move(detail)};
    case SQLITE_FULL:
      return {ErrorCode::kInternal, "The disk of the store is full.", std::move(detail)};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {ErrorCode::kInternal, "The store cannot use its file.", std::move(detail)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kInternal, "The database of the store is damaged.", std::move(detail)};
    default:
      return {ErrorCode::kInternal, "The store failed.", std::move(detail)};
  }
}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::bind(int index, std::string_view text, Bound bound) {
  const char* data = text.data() == nullptr ? "" : text.data();  // a null pointer would bind NULL
  note(sqlite3_bind_text64(statement_, index, data, text.size(), destructor_of(bound), SQLITE_UTF8));
}

void Statement::bind(int index, ByteView blob, Bound bound) {
  if (blob.empty()) {
    note(sqlite3_bind_zeroblob(statement_, index, 0));
  } else {
    note(sqlite3_bind_blob64(statement_, index, blob.data(), blob.size(), destructor_of(bound)));
  }
}

void Statement::bind(int index, const std::optional<Bytes>& blob, Bound bound) {
  if (blob) {
    bind(index, ByteView(*blob), bound);
  } else {
    note(sqlite3_bind_null(statement_, index));
  }
}

void Statement::bind_integer(int index, std::int64_t value) {
  note(sqlite3_bind_int64(statement_, index, value));
}

void Statement::note(int code) {
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
}

Result<bool> Statement::step() {
  sqlite3* database = sqlite3_db_handle(statement_);
  if (bind_code_ != SQLITE_OK) return std::unexpected(sqlite_error(database, bind_code_));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return std::unexpected(sqlite_error(database, code));
}

std::string_view Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(statement_, column);
  if (data == nullptr) return {};
  return as_text({data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))});
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

}  // namespace muster::store::sqlite
