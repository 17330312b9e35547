#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "base/bytes.h"
#include "base/result.h"

namespace muster::store::sqlite {

/// The text of a statement: a literal, so that its address can be the key of the statement cache and no value can ever
/// be pasted into it.
class Sql {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant wherever a statement is asked for
  consteval Sql(const char* text) : text_(text) {}
  [[nodiscard]] const char* text() const { return text_; }

 private:
  const char* text_;
};

/// The Error of an SQLite result code. Constraints: a taken key is kConflict, a missing instance (the only foreign key)
/// kNotFound. A lock is kUnavailable; damage, a full disk and everything else kInternal.
Error sqlite_error(sqlite3* database, int code);

/// What a statement does with a text or blob that is bound to it.
enum class Bound {
  kCopied,
  kKept,  ///< nothing: the caller keeps it unchanged until the statement is dropped
};

/// A prepared statement in use: binds, steps, reads columns. Dropping it gives it back to its connection's cache.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), bind_code_(other.bind_code_) {}
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  // Parameters count from 1. A failure is reported by the next step.
  template <std::integral T>
  void bind(int index, T value, Bound /*bound*/ = Bound::kCopied) {
    bind_integer(index, static_cast<std::int64_t>(value));
  }
  void bind(int index, std::string_view text, Bound bound = Bound::kCopied);
  void bind(int index, const std::string& text, Bound bound = Bound::kCopied) {
    bind(index, std::string_view(text), bound);
  }
  void bind(int index, const char* text, Bound bound = Bound::kCopied) { bind(index, std::string_view(text), bound); }
  void bind(int index, ByteView blob, Bound bound = Bound::kCopied);
  void bind(int index, const Bytes& blob, Bound bound = Bound::kCopied) { bind(index, ByteView(blob), bound); }
  /// nullopt is NULL.
  void bind(int index, const std::optional<Bytes>& blob, Bound bound = Bound::kCopied);

  /// True: there is a row to read. False: the end.
  Result<bool> step();

  // Columns of the current row, from 0; views are valid until the next step.
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }
  [[nodiscard]] ByteView blob(int column) const;
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  void bind_integer(int index, std::int64_t value);
  void note(int code);

  sqlite3_stmt* statement_;
  int bind_code_ = SQLITE_OK;
};

}  // namespace muster::store::sqlite
