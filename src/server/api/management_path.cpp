#include "server/api/management_path.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/json.h"

namespace muster::server {
namespace {

constexpr int kBadRequest = 400000;
constexpr int kNotFound = 404000;

}  // namespace

std::vector<std::string> below_instance(std::initializer_list<std::string_view> rest) {
  std::vector<std::string> path{"subscriptions",        "{}", "resourceGroups", "{}", "providers", "Microsoft.Devices",
                                "provisioningServices", "{}"};
  path.insert(path.end(), rest.begin(), rest.end());
  return path;
}

std::string instance_resource_id(std::string_view subscription, std::string_view group, std::string_view name) {
  return fmt::format("/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Devices/provisioningServices/{}",
                     subscription, group, name);
}

std::string instance_resource_id(const ApiCall& call) {
  return instance_resource_id(call.arguments[0], call.arguments[1], call.config->instance.name);
}

bool names_instance(const ApiCall& call) {
  return equals_nocase(call.arguments[2], call.config->instance.name);
}

std::unexpected<ApiError> no_such_instance() {
  return refuse(404, kNotFound, "No provisioning service of this name answers at this host.");
}

std::unexpected<ApiError> no_such(std::string_view what) {
  return refuse(404, kNotFound, fmt::format("{} not found.", what));
}

model::IfMatch if_match(const ApiCall& call) {
  return model::IfMatch::parse(call.request.header("If-Match"));
}

std::expected<boost::json::object, ApiError> read_properties(const ApiCall& call) {
  const auto body = model::parse_json_object(call.request.body);
  if (!body) return refuse(body.error());
  const auto properties = model::optional_object(*body, "properties");
  if (!properties) return refuse(properties.error());
  if (*properties == nullptr) return refuse(400, kBadRequest, "properties is missing.");
  return **properties;
}

}  // namespace muster::server
