#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/query_lexer.h"

namespace muster::wire {

/// Takes a query text piece by piece, with one token of look-ahead. The first fault is kept and puts the end in place
/// of all further tokens, so that every loop of the caller stops; what is returned after it does not count. The text
/// outlives it.
class QueryCursor {
 public:
  explicit QueryCursor(std::string_view text) : lexer_(text) { advance(); }

  [[nodiscard]] const QueryToken& token() const { return token_; }
  [[nodiscard]] const std::optional<std::string>& fault() const { return fault_; }

  void advance();
  bool accept(std::string_view keyword);
  bool accept(char symbol);
  void close(char symbol);

  QueryValue value();
  std::string name();
  /// Keywords stand for themselves only where a path begins; behind a dot any name may stand.
  MemberPath path(std::string_view what);

  /// Faults: something else stood here; `what` is wrong there.
  void expected(std::string_view what);
  void report(std::size_t column, std::string_view what);

 private:
  void count_term();

  QueryLexer lexer_;
  QueryToken token_;
  std::size_t terms_ = 0;
  std::optional<std::string> fault_;
};

}  // namespace muster::wire
