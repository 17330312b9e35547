#pragma once

#include <optional>
#include <vector>

#include "store/sqlite/statement.h"

namespace muster::store::sqlite {

/// The first row through `read`, which makes a Result<T> of it; nullopt when there is none.
template <class T, class Read>
Result<std::optional<T>> read_optional(Result<Statement> statement, Read read) {
  if (!statement) return std::unexpected(statement.error());
  const Result<bool> row = statement->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  Result<T> value = read(std::as_const(*statement));
  if (!value) return std::unexpected(std::move(value.error()));
  return std::move(*value);
}

/// Every row through `read`; the first failure ends it.
template <class T, class Read>
Result<std::vector<T>> read_all(Result<Statement> statement, Read read) {
  if (!statement) return std::unexpected(statement.error());
  std::vector<T> values;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return values;
    Result<T> value = read(std::as_const(*statement));
    if (!value) return std::unexpected(std::move(value.error()));
    values.push_back(std::move(*value));
  }
}

/// Drops the count of changed rows.
inline Result<void> without_count(const Result<std::size_t>& changed) {
  if (!changed) return std::unexpected(changed.error());
  return {};
}

}  // namespace muster::store::sqlite
