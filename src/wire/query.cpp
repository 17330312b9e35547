#include "wire/query.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/query_lexer.h"

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

/// Recursive descent with one token of look-ahead. The first fault is kept and puts the end in place of all further
/// tokens, so that every loop stops; what is returned after it does not count.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) { advance(); }

  Result<Query> parse() {
    Query query;
    if (token_.kind == QueryToken::Kind::kEnd) expected("SELECT * or another query");
    read_selection(query);
    if (accept("FROM")) path("a name");
    if (accept("WHERE")) query.where = any_of(0);
    if (accept("ORDER")) read_order(query);
    if (token_.is_word("GROUP")) report(token_.column, "GROUP BY is not available");
    if (token_.kind != QueryToken::Kind::kEnd) expected(what_may_follow(query));
    if (fault_) return invalid(std::move(*fault_));
    return query;
  }

 private:
  void read_selection(Query& query) {
    if (!accept("SELECT")) {
      accept('*');
      return;
    }
    if (accept('*')) return;
    do {
      query.select.push_back(path("* or a member"));
      if (token_.is('(')) report(token_.column, "functions such as COUNT() are not available");
    } while (accept(','));
  }

  void read_order(Query& query) {
    if (!accept("BY")) expected("BY");
    do {
      OrderTerm term{.member = {}, .column = token_.column};
      term.member = path("a member");
      if (accept("DESC")) {
        term.direction = Direction::kDescending;
      } else {
        accept("ASC");
      }
      query.order.push_back(std::move(term));
    } while (accept(','));
  }

  static std::string_view what_may_follow(const Query& query) {
    if (!query.order.empty()) return "ASC, DESC, a comma or the end";
    if (query.where) return "AND, OR, ORDER BY or the end";
    return "FROM, WHERE, ORDER BY or the end";
  }

  // --- conditions; `depth` counts what this one is inside of ----------------------------------------------------
  Condition any_of(std::size_t depth) {
    return joined("OR", Condition::Kind::kAny, [&] { return all_of(depth); });
  }

  Condition all_of(std::size_t depth) {
    return joined("AND", Condition::Kind::kAll, [&] { return operand(depth); });
  }

  template <class Next>
  Condition joined(std::string_view keyword, Condition::Kind kind, Next next) {
    Condition first = next();
    if (!token_.is_word(keyword)) return first;
    Condition all{.kind = kind};
    all.operands.push_back(std::move(first));
    while (accept(keyword)) all.operands.push_back(next());
    return all;
  }

  Condition operand(std::size_t depth) {
    if (depth >= kMaxQueryDepth) {
      report(token_.column, fmt::format("more than {} parentheses and NOTs inside each other", kMaxQueryDepth));
      return {};
    }
    if (accept("NOT")) return negation(operand(depth + 1));
    if (accept('(')) {
      Condition inner = any_of(depth + 1);
      close(')');
      return inner;
    }
    return test();
  }

  static Condition negation(Condition operand) {
    Condition out{.kind = Condition::Kind::kNot};
    out.operands.push_back(std::move(operand));
    return out;
  }

  Condition test() {
    Condition out;
    out.test.member = path("a member, NOT or '('");
    if (accept("NOT")) {
      if (!accept("IN")) expected("IN");
      out.test = listed(std::move(out.test));
      return negation(std::move(out));
    }
    if (accept("IN")) {
      out.test = listed(std::move(out.test));
      return out;
    }
    out.test.comparison = comparison();
    out.test.values.push_back(value());
    return out;
  }

  /// ( ... ) as in SQL, or [ ... ] as in the queries of a hub.
  MemberTest listed(MemberTest test) {
    test.comparison = Comparison::kIn;
    const char closing = token_.is('[') ? ']' : ')';
    if (!accept('(') && !accept('[')) expected("'(' or '['");
    do {
      test.values.push_back(value());
    } while (accept(','));
    close(closing);
    return test;
  }

  Comparison comparison() {
    struct Spelling {
      std::string_view text;
      Comparison comparison;
    };
    constexpr Spelling kSpellings[] = {{"=", Comparison::kEqual},          {"!=", Comparison::kNotEqual},
                                       {"<>", Comparison::kNotEqual},      {"<", Comparison::kLess},
                                       {"<=", Comparison::kLessOrEqual},   {">", Comparison::kGreater},
                                       {">=", Comparison::kGreaterOrEqual}};
    for (const Spelling& spelling : kSpellings) {
      if (token_.kind != QueryToken::Kind::kSymbol || token_.source != spelling.text) continue;
      advance();
      return spelling.comparison;
    }
    expected("=, !=, <>, <, <=, >, >=, IN or NOT IN");
    return Comparison::kEqual;
  }

  QueryValue value() {
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

  /// Keywords stand for themselves only where a path begins; behind a dot any name may stand.
  MemberPath path(std::string_view what) {
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

  // --- tokens -------------------------------------------------------------------------------------------------------
  void advance() {
    if (fault_) return;
    token_ = lexer_.next();
    if (token_.kind == QueryToken::Kind::kFault) report(token_.column, token_.why);
  }

  bool accept(std::string_view keyword) {
    if (!token_.is_word(keyword)) return false;
    advance();
    return true;
  }

  bool accept(char symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }

  void close(char symbol) {
    if (!accept(symbol)) expected(fmt::format("'{}'", symbol));
  }

  void count_term() {
    if (++terms_ > kMaxQueryTerms) {
      report(token_.column, fmt::format("more than {} members and values", kMaxQueryTerms));
    }
  }

  void expected(std::string_view what) {
    const std::string found =
        token_.kind == QueryToken::Kind::kEnd ? "the end" : fmt::format("'{}'", shown(token_.source));
    report(token_.column, fmt::format("expected {}, found {}", what, found));
  }

  void report(std::size_t column, std::string_view what) {
    if (!fault_) fault_ = query_fault(column, what);
    token_ = {};
  }

  QueryLexer lexer_;
  QueryToken token_;
  std::size_t terms_ = 0;
  std::optional<std::string> fault_;
};

}  // namespace

std::string query_fault(std::size_t column, std::string_view what) {
  return fmt::format("query column {}: {}.", column, what);
}

Result<Query> parse_query(std::string_view text) {
  if (text.size() > kMaxQueryLength) return invalid(fmt::format("query: longer than {} octets.", kMaxQueryLength));
  return Parser(text).parse();
}

std::string unwrap_printed_query(std::string_view text) {
  constexpr std::string_view kMember = "'query':";
  const std::string whole(text);
  text = trim(text);
  const std::size_t member = text.find(kMember);
  if (!text.starts_with('{') || member == std::string_view::npos) return whole;
  text = trim(text.substr(member + kMember.size()));
  if (!text.starts_with('\'') && !text.starts_with('"')) return whole;
  // Python's repr: the other kind of quote stands as it is, this kind and the backslash behind a backslash.
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text.front()) return out;
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out.push_back(text[i] == 'n' || text[i] == 'r' || text[i] == 't' ? ' ' : text[i]);
    } else {
      out.push_back(text[i]);
    }
  }
  return whole;
}

}  // namespace muster::wire
