#pragma once

#include "base/clock.h"
#include "model/member_reader.h"
#include "model/named_value.h"

namespace muster::model {

// Readers of the forms kept in the store. They report what is missing or strange, because a stored form is ours: a gap
// in it is damage.

/// Microseconds since 1970.
inline TimePoint stored_time(const MemberReader& reader, std::string_view member) {
  return from_micros(reader.required_number(member));
}

/// An enumerator by its name; the first of the table when the name is missing or unknown.
template <class E, std::size_t N>
E stored_name(const MemberReader& reader, std::string_view member, const std::array<NamedValue<E>, N>& table) {
  const auto value = value_named(table, reader.required_text(member));
  if (!value) reader.reject(member, "has an unknown value");
  return value.value_or(table.front().value);
}

/// What a reading function found, or kInternal when something was wrong with the stored `what`.
template <class T>
Result<T> unless_damaged(const DocumentFault& fault, T value, std::string_view what) {
  if (!fault.found()) return value;
  return fail(ErrorCode::kInternal, "Stored data is damaged.",
              std::string(what) + ": " + fault.to_error(ErrorCode::kInternal).message);
}

}  // namespace muster::model
