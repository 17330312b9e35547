#include "model/json_text.h"

#include <array>
#include <charconv>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/quoted.h"

namespace muster::model {

void append_json(std::string& out, std::string_view text) {
  append_quoted(out, text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
}

void append_json(std::string& out, std::int64_t number) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

// As deep as the value, whose depth its parser or our own code limits (kMaxJsonDepth).
void append_value(std::string& out, const boost::json::value& value) {
  if (const auto* text = value.if_string()) return append_json(out, std::string_view(*text));
  if (const auto* number = value.if_int64()) return append_json(out, *number);
  if (const auto* object = value.if_object()) return append_value(out, *object);
  if (const auto* array = value.if_array()) {
    ArrayText elements(out);
    for (const auto& each : *array) append_value(elements.element(), each);
    return;
  }
  out.append(boost::json::serialize(value));
}

void append_value(std::string& out, const boost::json::object& object) {
  out.push_back('{');
  for (bool first = true; const auto& [name, value] : object) {
    if (!std::exchange(first, false)) out.push_back(',');
    append_json(out, std::string_view(name));
    out.push_back(':');
    append_value(out, value);
  }
  out.push_back('}');
}

std::string& ObjectText::member(std::string_view name) {
  if (!std::exchange(first_, false)) out_.push_back(',');
  return out_.append("\"").append(name).append("\":");
}

std::string& ArrayText::element() {
  if (!std::exchange(first_, false)) out_.push_back(',');
  return out_;
}

}  // namespace muster::model
