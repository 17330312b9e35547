#include "model/json.h"

#include <array>
#include <cstdint>

#include <boost/json/array.hpp>
#include <boost/json/parser.hpp>
#include <fmt/format.h>

namespace muster::model {
namespace {

/// The member's value; null when it is absent or JSON null.
const boost::json::value* given(const boost::json::object& object, std::string_view member) {
  const boost::json::value* value = object.if_contains(member);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::unexpected<Error> wrong_type(std::string_view member, std::string_view wanted) {
  return invalid(fmt::format("{}: must be {}", member, wanted));
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, std::string_view what,
                                      const boost::json::storage_ptr& storage) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  // The parser's own stacks live here; most documents need no more, so that only the result is allocated.
  std::array<unsigned char, 4096> scratch;
  boost::json::parser parser({}, options, scratch.data(), scratch.size());
  boost::json::error_code error;
  parser.reset(storage);
  const std::size_t read = parser.write(text.data(), text.size(), error);
  if (error) return invalid(fmt::format("{} is not valid JSON: {} at offset {}.", what, error.message(), read));
  return parser.release();
}

Result<boost::json::object> parse_json_object(std::string_view text, std::string_view what,
                                              const boost::json::storage_ptr& storage) {
  auto value = parse_json(text, what, storage);
  if (!value) return std::unexpected(std::move(value).error());
  if (!value->is_object()) return invalid(fmt::format("{} must be a JSON object.", what));
  return std::move(value->get_object());
}

Result<std::optional<std::string_view>> optional_string(const boost::json::object& object, std::string_view member) {
  const auto* value = given(object, member);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string_view(text->data(), text->size());
  return wrong_type(member, "a string");
}

Result<std::string_view> required_string(const boost::json::object& object, std::string_view member) {
  const auto text = optional_string(object, member);
  if (!text) return std::unexpected(text.error());
  if (!*text) return invalid(fmt::format("{}: is required", member));
  return **text;
}

Result<std::optional<bool>> optional_bool(const boost::json::object& object, std::string_view member) {
  const auto* value = given(object, member);
  if (value == nullptr) return std::nullopt;
  if (const bool* flag = value->if_bool()) return *flag;
  return wrong_type(member, "true or false");
}

Result<std::optional<std::int64_t>> optional_int(const boost::json::object& object, std::string_view member) {
  const auto* value = given(object, member);
  if (value == nullptr) return std::nullopt;
  if (const std::int64_t* number = value->if_int64()) return *number;
  if (const std::uint64_t* number = value->if_uint64(); number != nullptr && std::in_range<std::int64_t>(*number)) {
    return static_cast<std::int64_t>(*number);
  }
  return wrong_type(member, "an integer");
}

Result<const boost::json::object*> optional_object(const boost::json::object& object, std::string_view member) {
  const auto* value = given(object, member);
  if (value == nullptr) return nullptr;
  if (const auto* inner = value->if_object()) return inner;
  return wrong_type(member, "an object");
}

Result<const boost::json::array*> optional_array(const boost::json::object& object, std::string_view member) {
  const auto* value = given(object, member);
  if (value == nullptr) return nullptr;
  if (const auto* inner = value->if_array()) return inner;
  return wrong_type(member, "an array");
}

}  // namespace muster::model
