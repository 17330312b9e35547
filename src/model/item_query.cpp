#include "model/item_query.h"

#include <algorithm>
#include <compare>

#include "base/clock.h"
#include "base/text.h"

namespace muster::model {
namespace {

using boost::json::object;
using boost::json::value;
using wire::Comparison;
using wire::Condition;
using wire::MemberPath;
using wire::MemberTest;
using wire::QueryValue;

enum class Folding { kNone, kCase, kTime };

Folding folding_of(const MemberPath& member) {
  if (member.size() == 2 && member[0] == "attestation" && member[1] == "type") return Folding::kCase;
  if (member.size() != 1) return Folding::kNone;
  for (const std::string_view name :
       {"registrationId", "enrollmentGroupId", "provisioningStatus", "allocationPolicy"}) {
    if (member[0] == name) return Folding::kCase;
  }
  const bool time = member[0] == "createdDateTimeUtc" || member[0] == "lastUpdatedDateTimeUtc";
  return time ? Folding::kTime : Folding::kNone;
}

/// A form in which texts that mean the same are the same. A text that is no time, such as "2026-01", stays as it is:
/// times are written so that it compares with them as one expects.
std::string fold(Folding folding, std::string_view text) {
  if (folding == Folding::kCase) return to_lower(text);
  const auto time = folding == Folding::kTime ? parse_time(text) : std::nullopt;
  return time ? format_time(*time) : std::string(text);
}

void fold_texts(Condition& condition) {
  for (Condition& operand : condition.operands) fold_texts(operand);
  const Folding folding = folding_of(condition.test.member);
  for (QueryValue& literal : condition.test.values) {
    if (auto* text = std::get_if<std::string>(&literal)) *text = fold(folding, *text);
  }
}

/// Null when the item lacks it.
const value* find_member(const object& item, const MemberPath& path) {
  const object* inside = &item;
  const value* found = nullptr;
  for (const std::string& name : path) {
    found = inside == nullptr ? nullptr : inside->if_contains(name);
    if (found == nullptr) return nullptr;
    inside = found->if_object();
  }
  return found;
}

template <class A, class B>
std::partial_ordering order_of(A a, B b) {
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
    if (std::cmp_equal(a, b)) return std::partial_ordering::equivalent;
    return std::cmp_less(a, b) ? std::partial_ordering::less : std::partial_ordering::greater;
  } else {
    return static_cast<double>(a) <=> static_cast<double>(b);
  }
}

template <class Number>
std::partial_ordering compare_number(const value& member, Number literal) {
  if (const auto* number = member.if_int64()) return order_of(*number, literal);
  if (const auto* number = member.if_uint64()) return order_of(*number, literal);
  if (const auto* number = member.if_double()) return order_of(*number, literal);
  return std::partial_ordering::unordered;
}

/// How a member compares with a literal; unordered when they are of different types.
struct CompareWith {
  const value& member;
  Folding folding;

  std::partial_ordering operator()(std::monostate) const {
    return member.is_null() ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
  }
  std::partial_ordering operator()(bool literal) const {
    return member.is_bool() ? order_of<int, int>(member.get_bool(), literal) : std::partial_ordering::unordered;
  }
  std::partial_ordering operator()(std::int64_t literal) const { return compare_number(member, literal); }
  std::partial_ordering operator()(double literal) const { return compare_number(member, literal); }
  std::partial_ordering operator()(const std::string& literal) const {
    const auto* text = member.if_string();
    if (text == nullptr) return std::partial_ordering::unordered;
    if (folding == Folding::kNone) return std::string_view(*text) <=> std::string_view(literal);
    return fold(folding, *text) <=> literal;
  }
};

bool holds(Comparison comparison, std::partial_ordering order) {
  switch (comparison) {
    case Comparison::kEqual:
    case Comparison::kIn:
      return order == std::partial_ordering::equivalent;
    case Comparison::kNotEqual:
      return order != std::partial_ordering::equivalent;
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessOrEqual:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

bool passes(const MemberTest& test, const object& item) {
  static const value kNull;
  const value* member = find_member(item, test.member);
  const CompareWith compare{member == nullptr ? kNull : *member, folding_of(test.member)};
  return std::ranges::any_of(
      test.values, [&](const QueryValue& literal) { return holds(test.comparison, std::visit(compare, literal)); });
}

bool evaluate(const Condition& condition, const object& item) {
  const auto holds_for_item = [&](const Condition& operand) { return evaluate(operand, item); };
  switch (condition.kind) {
    case Condition::Kind::kTest:
      return passes(condition.test, item);
    case Condition::Kind::kNot:
      return std::ranges::none_of(condition.operands, holds_for_item);
    case Condition::Kind::kAll:
      return std::ranges::all_of(condition.operands, holds_for_item);
    case Condition::Kind::kAny:
      return std::ranges::any_of(condition.operands, holds_for_item);
  }
  return false;
}

/// Puts a member where it stands in the item. A path into a member that is selected as a whole adds nothing.
void copy_member(const object& item, const MemberPath& path, object& out) {
  const value* found = find_member(item, path);
  if (found == nullptr) return;
  object* into = &out;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    value& next = (*into)[path[i]];
    if (next.is_null()) next.emplace_object();
    into = &next.get_object();
  }
  (*into)[path.back()] = *found;
}

}  // namespace

ItemFilter::ItemFilter(Condition condition) : condition_(std::move(condition)) {
  fold_texts(condition_);
}

bool ItemFilter::matches(const object& item) const {
  return evaluate(condition_, item);
}

object select_members(const object& item, const std::vector<MemberPath>& members) {
  object out;
  for (const MemberPath& path : members) copy_member(item, path, out);
  return out;
}

}  // namespace muster::model
