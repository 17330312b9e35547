#include "model/property_bag_json.h"

#include <optional>
#include <string>

#include <boost/json/array.hpp>

#include "model/json_text.h"

namespace muster::model {

namespace json = boost::json;

void append_json(std::string& out, const wire::PropertyBag& properties) {
  ArrayText pairs(out);
  for (const auto& [name, value] : properties) {
    ArrayText pair(pairs.element());
    append_json(pair.element(), name);
    value ? append_json(pair.element(), *value) : void(pair.element().append("null"));
  }
}

wire::PropertyBag read_properties(const MemberReader& reader) {
  wire::PropertyBag out;
  const json::array* properties = reader.array("properties");
  if (properties == nullptr) return out;
  for (const json::value& each : *properties) {
    const json::array* pair = each.if_array();
    if (pair == nullptr || pair->size() != 2 || !pair->front().is_string()) {
      reader.reject("properties", "holds something else");
      continue;
    }
    const auto* value = pair->back().if_string();
    out.emplace_back(pair->front().get_string(), value == nullptr ? std::nullopt : std::optional<std::string>(*value));
  }
  return out;
}

}  // namespace muster::model
