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
  for (const std::string_view name : {"createdDateTimeUtc", "lastUpdatedDateTimeUtc", "startTimeUtc", "endTimeUtc"}) {
    if (member[0] == name) return Folding::kTime;
  }
  return Folding::kNone;
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
    case Comparison::kDefined:
    case Comparison::kStartsWith:
    case Comparison::kEndsWith:
      break;
  }
  return false;
}

/// The function tests: what does not come down to an order.
bool passes_function(const MemberTest& test, const value* member) {
  if (test.comparison == Comparison::kDefined) return member != nullptr;
  const auto* text = member == nullptr ? nullptr : member->if_string();
  const auto* part = std::get_if<std::string>(&test.values.front());
  if (text == nullptr || part == nullptr) return false;
  const std::string folded = fold(folding_of(test.member), *text);
  return test.comparison == Comparison::kStartsWith ? folded.starts_with(*part) : folded.ends_with(*part);
}

bool is_function(Comparison comparison) {
  return comparison == Comparison::kDefined || comparison == Comparison::kStartsWith ||
         comparison == Comparison::kEndsWith;
}

bool passes(const MemberTest& test, const object& item) {
  static const value kNull;
  const value* member = find_member(item, test.member);
  if (is_function(test.comparison)) return passes_function(test, member);
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

/// Puts a member where it stands in the item, or under its alias. A path into a member that is selected as a whole adds
/// nothing.
void copy_member(const object& item, const wire::SelectedMember& selected, object& out) {
  const MemberPath& path = selected.member;
  const value* found = find_member(item, path);
  if (found == nullptr) return;
  if (!selected.alias.empty()) {
    out[selected.alias] = *found;
    return;
  }
  object* into = &out;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    value& next = (*into)[path[i]];
    if (!next.is_object()) next.emplace_object();
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

std::optional<std::vector<std::string>> required_texts(const Condition& condition, const MemberPath& member) {
  if (condition.kind == Condition::Kind::kAll) {
    for (const Condition& operand : condition.operands) {
      if (auto found = required_texts(operand, member)) return found;
    }
    return std::nullopt;
  }
  const MemberTest& test = condition.test;
  const bool names = test.comparison == Comparison::kEqual || test.comparison == Comparison::kIn;
  if (condition.kind != Condition::Kind::kTest || test.member != member || !names) return std::nullopt;
  std::vector<std::string> out;
  for (const QueryValue& literal : test.values) {
    // A value of another type equals no text.
    if (const auto* text = std::get_if<std::string>(&literal)) out.push_back(*text);
  }
  return out;
}

object select_members(const object& item, const std::vector<wire::SelectedMember>& members) {
  object out;
  for (const wire::SelectedMember& selected : members) copy_member(item, selected, out);
  return out;
}

}  // namespace muster::model
