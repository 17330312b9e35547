#pragma once

#include <string>
#include <string_view>

#include "wire/query.h"

namespace muster::wire {

/// One piece of a query text.
struct QueryToken {
  enum class Kind { kWord, kSymbol, kValue, kFault, kEnd };
  Kind kind = Kind::kEnd;
  std::string_view source;    ///< as it stands in the text
  std::size_t column = 1;     ///< of its first character
  QueryValue value = {};      ///< kValue: a number or a text; true, false and null are words
  std::string_view why = {};  ///< kFault: what is wrong with it

  [[nodiscard]] bool is(char symbol) const { return kind == Kind::kSymbol && source == std::string_view(&symbol, 1); }
  [[nodiscard]] bool is_word(std::string_view keyword) const;
};

/// Cuts a query text into tokens. After a fault or at the end it gives kEnd for ever. The text outlives lexer and
/// tokens.
class QueryLexer {
 public:
  explicit QueryLexer(std::string_view text) : text_(text) {}

  QueryToken next();

 private:
  QueryToken word();
  QueryToken number();
  QueryToken quoted();
  QueryToken symbol();
  /// The next `size` octets as a token.
  QueryToken take(QueryToken::Kind kind, std::size_t size);
  QueryToken fault(std::size_t size, std::string_view why);

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t column_ = 1;
};

}  // namespace muster::wire
