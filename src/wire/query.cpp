#include "wire/query.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/query_cursor.h"

namespace muster::wire {
namespace {

Result<void> check_length(std::string_view text) {
  if (text.size() > kMaxQueryLength) return invalid(fmt::format("query: longer than {} octets.", kMaxQueryLength));
  return {};
}

/// Recursive descent; the cursor says what happens after a fault.
class Parser : private QueryCursor {
 public:
  Parser(std::string_view text, QueryLanguage language) : QueryCursor(text), of_hub_(language == QueryLanguage::kHub) {}

  Result<Query> parse() {
    Query query;
    if (token().kind == QueryToken::Kind::kEnd) expected("SELECT * or another query");
    read_selection(query);
    if (accept("FROM")) query.from = path("a name");
    if (accept("WHERE")) query.where = any_of(0);
    if (accept("ORDER")) read_order(query);
    if (token().is_word("GROUP")) report(token().column, "GROUP BY is not available");
    if (token().kind != QueryToken::Kind::kEnd) expected(what_may_follow(query));
    return unless_faulty(std::move(query));
  }

  Result<Query> parse_job_condition() {
    Query query;
    if (token().is_word("SELECT")) report(token().column, "only the condition is written here, without SELECT");
    const bool everything = accept('*');
    if (!everything && accept("FROM")) {
      query.from = path("a name");
      if (accept("WHERE")) query.where = any_of(0);
    } else if (!everything) {
      query.where = any_of(0);
    }
    if (token().kind != QueryToken::Kind::kEnd) expected(what_may_follow_condition(query));
    return unless_faulty(std::move(query));
  }

 private:
  Result<Query> unless_faulty(Query query) {
    if (fault()) return invalid(*fault());
    return query;
  }

  static std::string_view what_may_follow_condition(const Query& query) {
    if (query.where) return "AND, OR or the end";
    return query.from.empty() ? "the end" : "WHERE or the end";
  }

  void read_selection(Query& query) {
    if (!accept("SELECT")) {
      accept('*');
      return;
    }
    if (accept('*')) return;
    do {
      SelectedMember selected{.member = path("* or a member"), .alias = {}};
      if (token().is('(')) return read_count(query, selected.member);
      if (of_hub_ && accept("AS")) selected.alias = name();
      query.select.push_back(std::move(selected));
    } while (accept(','));
  }

  /// There is no GROUP BY, so a count stands alone.
  void read_count(Query& query, const MemberPath& function) {
    if (!of_hub_) return report(token().column, "functions such as COUNT() are not available");
    if (!query.select.empty() || function.size() != 1 || !equals_nocase(function.front(), "COUNT")) {
      return report(token().column, "functions other than COUNT(), alone, are not available");
    }
    accept('(');
    close(')');
    if (!accept("AS")) expected("AS");
    query.count_as = name();
  }

  void read_order(Query& query) {
    if (!accept("BY")) expected("BY");
    do {
      OrderTerm term{.member = {}, .column = token().column};
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
    if (!token().is_word(keyword)) return first;
    Condition all{.kind = kind};
    all.operands.push_back(std::move(first));
    while (accept(keyword)) all.operands.push_back(next());
    return all;
  }

  Condition operand(std::size_t depth) {
    if (depth >= kMaxQueryDepth) {
      report(token().column, fmt::format("more than {} parentheses and NOTs inside each other", kMaxQueryDepth));
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
    const std::size_t column = token().column;
    out.test.member = path("a member, NOT or '('");
    if (of_hub_ && token().is('(')) {
      out.test = call(out.test.member, column);
      return out;
    }
    if (of_hub_ && accept("NIN")) {
      out.test = listed(std::move(out.test));
      return negation(std::move(out));
    }
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

  /// function(member) or function(member, text).
  MemberTest call(const MemberPath& function, std::size_t column) {
    struct Spelling {
      std::string_view text;
      Comparison comparison;
    };
    constexpr Spelling kFunctions[] = {{"IS_DEFINED", Comparison::kDefined},
                                       {"STARTSWITH", Comparison::kStartsWith},
                                       {"ENDSWITH", Comparison::kEndsWith}};
    const auto* found = std::ranges::find_if(kFunctions, [&](const Spelling& each) {
      return function.size() == 1 && equals_nocase(function.front(), each.text);
    });
    if (found == std::end(kFunctions)) {
      report(column, "the functions are is_defined(), STARTSWITH() and ENDSWITH()");
      return {};
    }
    accept('(');
    MemberTest out{.member = path("a member"), .comparison = found->comparison, .values = {}};
    if (out.comparison != Comparison::kDefined) {
      if (!accept(',')) expected("','");
      if (!std::holds_alternative<std::string>(token().value)) expected("a text in quotes");
      out.values.push_back(value());
    }
    close(')');
    return out;
  }

  /// ( ... ) as in SQL, or [ ... ] as in the queries of a hub.
  MemberTest listed(MemberTest test) {
    test.comparison = Comparison::kIn;
    const char closing = token().is('[') ? ']' : ')';
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
      if (token().kind != QueryToken::Kind::kSymbol || token().source != spelling.text) continue;
      advance();
      return spelling.comparison;
    }
    expected(of_hub_ ? "=, !=, <>, <, <=, >, >=, IN, NIN or NOT IN" : "=, !=, <>, <, <=, >, >=, IN or NOT IN");
    return Comparison::kEqual;
  }

  const bool of_hub_;
};

}  // namespace

Result<Query> parse_query(std::string_view text, QueryLanguage language) {
  if (auto fits = check_length(text); !fits) return std::unexpected(fits.error());
  return Parser(text, language).parse();
}

Result<Query> parse_job_condition(std::string_view text) {
  if (auto fits = check_length(text); !fits) return std::unexpected(fits.error());
  return Parser(text, QueryLanguage::kHub).parse_job_condition();
}

}  // namespace muster::wire
