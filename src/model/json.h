#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.h"
#include "model/json_text.h"

namespace muster::model {

/// Limits on JSON from peers, besides the size that the transport enforces.
inline constexpr std::size_t kMaxJsonDepth = 32;

/// Parses one JSON text (RFC 8259) from a peer: UTF-8, no trailing text, nesting up to kMaxJsonDepth, unique member
/// names not required (the last counts). kInvalidArgument with the position; never throws. `what` begins the message;
/// the value lies in `storage`.
Result<boost::json::value> parse_json(std::string_view text, std::string_view what = "The body",
                                      const boost::json::storage_ptr& storage = {});
/// As parse_json, but the text must be an object.
Result<boost::json::object> parse_json_object(std::string_view text, std::string_view what = "The body",
                                              const boost::json::storage_ptr& storage = {});

// Members of an object, where null means "not given" (service-api.md 0). A member of another type is kInvalidArgument
// and the message names it.
Result<std::optional<std::string_view>> optional_string(const boost::json::object& object, std::string_view member);
Result<std::string_view> required_string(const boost::json::object& object, std::string_view member);
Result<std::optional<bool>> optional_bool(const boost::json::object& object, std::string_view member);
Result<std::optional<std::int64_t>> optional_int(const boost::json::object& object, std::string_view member);
Result<const boost::json::object*> optional_object(const boost::json::object& object, std::string_view member);
Result<const boost::json::array*> optional_array(const boost::json::object& object, std::string_view member);

/// The text of the value that `make` builds in the storage it is given. Nothing of the value is taken from the heap or
/// given back one by one; most need no more than what lies on the stack.
template <class Make>
std::string text_of(const Make& make) {
  std::array<unsigned char, 4096> first;
  boost::json::monotonic_resource memory(first.data(), first.size());
  std::string out;
  append_value(out, make(boost::json::storage_ptr(&memory)));
  return out;
}

}  // namespace muster::model
