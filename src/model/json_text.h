#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace muster::model {

// JSON (RFC 8259) written straight into a string. A registration stores half a dozen documents, and to build a tree of
// values for each and walk it again took longer than SQLite did.

/// `text` in quotes, escaped as needed.
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, std::int64_t number);
inline void append_json(std::string& out, std::same_as<bool> auto flag) {
  out.append(flag ? "true" : "false");
}
void append_value(std::string& out, const boost::json::value& value);
void append_value(std::string& out, const boost::json::object& object);

/// One object, member by member; ends with the scope. Names stand as they are given: they need no escape.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_.push_back('{'); }
  ~ObjectText() { out_.push_back('}'); }
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;

  /// A text, a number or a truth value.
  void put(std::string_view name, const auto& value) { append_json(member(name), value); }
  void put_unless_empty(std::string_view name, std::string_view text) {
    if (!text.empty()) put(name, text);
  }
  /// Where to append the value of the member, which has to be done before anything else.
  std::string& member(std::string_view name);

 private:
  std::string& out_;
  bool first_ = true;
};

/// The text of one object, to which `write` puts its members.
template <class Write>
std::string object_text(const Write& write) {
  std::string out;
  out.reserve(512);  // most need no more
  {
    ObjectText members(out);
    write(members);
  }
  return out;
}

/// One array, element by element; ends with the scope.
class ArrayText {
 public:
  explicit ArrayText(std::string& out) : out_(out) { out_.push_back('['); }
  ~ArrayText() { out_.push_back(']'); }
  ArrayText(const ArrayText&) = delete;
  ArrayText& operator=(const ArrayText&) = delete;

  /// Where to append the next element, which has to be done before anything else.
  std::string& element();

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace muster::model
