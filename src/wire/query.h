#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace muster::wire {

// Bounds of a query text, so that neither reading nor answering one can take long.
inline constexpr std::size_t kMaxQueryLength = 8 * 1024;  ///< octets
inline constexpr std::size_t kMaxQueryDepth = 32;         ///< parentheses and NOTs inside each other
inline constexpr std::size_t kMaxQueryTerms = 256;        ///< members and values named, all together

/// The way to a member of a JSON object: {"attestation", "type"}. Names are matched with case.
using MemberPath = std::vector<std::string>;

/// A literal: null, true or false, a number, a text.
using QueryValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

enum class Comparison {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kDefined,     ///< the member is there, with no value to compare it with
  kStartsWith,  ///< the value is a text
  kEndsWith,    ///< the value is a text
};

/// A member compared with one value, with several when kIn, with none when kDefined.
struct MemberTest {
  MemberPath member;
  Comparison comparison = Comparison::kEqual;
  std::vector<QueryValue> values;

  bool operator==(const MemberTest&) const = default;
};

/// A WHERE condition as a tree, no deeper than kMaxQueryDepth allows: both walking and dropping it may recurse.
struct Condition {
  enum class Kind {
    kTest,  ///< `test`
    kNot,   ///< the one operand
    kAll,   ///< AND of two or more operands
    kAny,   ///< OR of two or more operands
  };
  Kind kind = Kind::kTest;
  MemberTest test = {};
  std::vector<Condition> operands = {};

  bool operator==(const Condition&) const = default;
};

enum class Direction { kAscending, kDescending };

struct OrderTerm {
  MemberPath member;
  Direction direction = Direction::kAscending;
  std::size_t column = 1;  ///< where it stands in the text, for errors

  bool operator==(const OrderTerm&) const = default;
};

struct SelectedMember {
  MemberPath member;
  std::string alias = {};  ///< empty: it stays in its place

  bool operator==(const SelectedMember&) const = default;
};

struct Query {
  std::vector<SelectedMember> select;  ///< empty: everything
  std::string count_as = {};           ///< only how many there are is asked for, under this name; empty: it is not
  MemberPath from = {};                ///< empty: it says nothing
  std::optional<Condition> where;
  std::vector<OrderTerm> order;

  bool operator==(const Query&) const = default;
};

/// Whose queries are read. Those of a hub (hub-api.md 1.7) have more than those of the provisioning service
/// (service-api.md 6): COUNT(), aliases, NIN, is_defined(), STARTSWITH() and ENDSWITH().
enum class QueryLanguage { kService, kHub };

/// Reads a query; the grammar for users is docs/query.md:
/// [SELECT (* | members)] [FROM word] [WHERE condition] [ORDER BY members]. kInvalidArgument names the column (from 1,
/// in characters), what was expected and what stands there.
Result<Query> parse_query(std::string_view text, QueryLanguage language = QueryLanguage::kService);

/// Reads what a job of a hub says of its devices (hub-api.md 7.1): "*" or a condition alone, also behind
/// "FROM name WHERE". Only `from` and `where` are set. Errors as parse_query.
Result<Query> parse_job_condition(std::string_view text);

/// Takes the name of what is queried from the front of members: FROM devices.jobs, `devices.jobs.jobId` is `jobId`. A
/// source is named in any case.
void drop_source(Condition& condition, const MemberPath& source);
/// The same in all of a query, by its own `from`.
void drop_source(Query& query);

/// "query column 7: what", the form of all its errors.
std::string query_fault(std::size_t column, std::string_view what);

/// The query inside the printed form of an object, "{'additional_properties': {}, 'query': 'SELECT *'}", which one
/// client sends (real-clients.md rule 12); any other text as it is.
std::string unwrap_printed_query(std::string_view text);

}  // namespace muster::wire
