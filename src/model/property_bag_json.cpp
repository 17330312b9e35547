#include "model/property_bag_json.h"

#include <optional>
#include <string>

namespace muster::model {

namespace json = boost::json;

json::array to_json(const wire::PropertyBag& properties, const json::storage_ptr& storage) {
  json::array out(storage);
  out.reserve(properties.size());
  for (const auto& [name, value] : properties) {
    json::array& pair = out.emplace_back(json::array_kind).get_array();
    pair.emplace_back(name);
    value ? pair.emplace_back(*value) : pair.emplace_back(nullptr);
  }
  return out;
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
