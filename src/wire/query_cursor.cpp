#include "wire/query_cursor.h"

#include <utility>

#include <fmt/format.h>

namespace muster::wire {
namespace {

constexpr std::size_t kShownOctets = 32;

/// The beginning of a token, cut between characters.
std::string_view shown(std::string_view source) {
  if (source.size() <= kShownOctets) return source;
  std::size_t size = kShownOctets;
  while (size > 0 && (static_cast<unsigned char>(source[size]) & 0xC0U) == 0x80U) --size;
  return source.substr(0, size);
}

bool is_keyword(const QueryToken& token) {
  for (const std::string_view keyword : {"SELECT", "FROM", "WHERE", "ORDER", "BY", "AND", "OR", "NOT", "IN", "GROUP"}) {
    if (token.is_word(keyword)) return true;
  }
  return false;
}

}  // namespace

QueryValue QueryCursor::value() {
  count_term();
  QueryValue out;
  if (token_.kind == QueryToken::Kind::kValue) {
    out = std::move(token_.value);
  } else if (token_.is_word("true") || token_.is_word("false")) {
    out = token_.is_word("true");
  } else if (!token_.is_word("null")) {
    expected("a text in quotes, a number, true, false or null");
  }
  advance();
  return out;
}

std::string QueryCursor::name() {
  if (token_.kind != QueryToken::Kind::kWord) expected("a name");
  std::string out(token_.source);
  advance();
  return out;
}

MemberPath QueryCursor::path(std::string_view what) {
  count_term();
  MemberPath out;
  if (is_keyword(token_)) expected(what);
  do {
    if (token_.kind != QueryToken::Kind::kWord) expected(out.empty() ? what : "a name");
    out.emplace_back(token_.source);
    advance();
  } while (accept('.'));
  return out;
}

void QueryCursor::advance() {
  if (fault_) return;
  token_ = lexer_.next();
  if (token_.kind == QueryToken::Kind::kFault) report(token_.column, token_.why);
}

bool QueryCursor::accept(std::string_view keyword) {
  if (!token_.is_word(keyword)) return false;
  advance();
  return true;
}

bool QueryCursor::accept(char symbol) {
  if (!token_.is(symbol)) return false;
  advance();
  return true;
}

void QueryCursor::close(char symbol) {
  if (!accept(symbol)) expected(fmt::format("'{}'", symbol));
}

void QueryCursor::count_term() {
  if (++terms_ > kMaxQueryTerms) {
    report(token_.column, fmt::format("more than {} members and values", kMaxQueryTerms));
  }
}

void QueryCursor::expected(std::string_view what) {
  const std::string found =
      token_.kind == QueryToken::Kind::kEnd ? "the end" : fmt::format("'{}'", shown(token_.source));
  report(token_.column, fmt::format("expected {}, found {}", what, found));
}

void QueryCursor::report(std::size_t column, std::string_view what) {
  if (!fault_) fault_ = query_fault(column, what);
  token_ = {};
}

std::string query_fault(std::size_t column, std::string_view what) {
  return fmt::format("query column {}: {}.", column, what);
}

}  // namespace muster::wire
