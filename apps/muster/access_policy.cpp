#include "muster/access_policy.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "model/instance.h"

namespace muster::cli {
namespace {

// As services and hubs make them (service-api.md 1.3, hub-api.md 1.2).
constexpr std::size_t kServiceKeySize = 64;
constexpr std::size_t kHubKeySize = 32;

bool is_named(const boost::json::value& policy, std::string_view name) {
  const auto* object = policy.if_object();
  const auto* member = object == nullptr ? nullptr : object->if_contains("keyName");
  return member != nullptr && member->is_string() && std::string_view(member->get_string()) == name;
}

std::string_view name_of(const boost::json::object& policy) {
  return policy.at("keyName").as_string();
}

std::unexpected<Error> no_such_policy(std::string_view name) {
  return fail(ErrorCode::kNotFound, fmt::format("There is no policy '{}'.", name));
}

boost::json::array without_keys(const boost::json::array& stored) {
  boost::json::array out;
  for (const auto& policy : stored) {
    if (!policy.is_object()) continue;
    boost::json::object kept = policy.get_object();
    kept.erase("primaryKey");
    kept.erase("secondaryKey");
    out.push_back(std::move(kept));
  }
  return out;
}

std::string new_key(Random& random, std::size_t size) {
  const SecretBytes key(random.bytes(size));
  return to_base64(key.reveal());
}

/// As the service writes them; a hub has other rights than the service.
Result<std::string> rights_of(const std::string& text, bool of_service) {
  if (of_service) {
    const auto rights = model::Rights::parse(text);
    return rights ? Result<std::string>(rights->to_string()) : std::unexpected(rights.error());
  }
  const auto rights = model::HubRights::parse(text);
  return rights ? Result<std::string>(rights->to_string()) : std::unexpected(rights.error());
}

}  // namespace

Result<boost::json::object> given_policy(const PolicyOptions& options, Random& random) {
  boost::json::object given{{"keyName", options.name}};
  if (!options.rights.empty()) {
    const auto rights = rights_of(fmt::format("{}", fmt::join(options.rights, ",")), options.hub.empty());
    if (!rights) return std::unexpected(rights.error());
    given["rights"] = *rights;
  }
  if (options.primary_key) given["primaryKey"] = *options.primary_key;
  if (options.secondary_key) given["secondaryKey"] = *options.secondary_key;
  if (options.regenerate) {
    auto& key = given[*options.regenerate + "Key"];
    if (!key.is_null())
      return invalid(fmt::format("Give the {} key or let it be made, not both.", *options.regenerate));
    key = new_key(random, options.hub.empty() ? kServiceKeySize : kHubKeySize);
  }
  return given;
}

Result<boost::json::array> with_policy(const boost::json::array& stored, const boost::json::object& given) {
  const std::string_view name = name_of(given);
  if (find_policy(stored, name)) return fail(ErrorCode::kConflict, fmt::format("Policy '{}' exists already.", name));
  boost::json::array policies = without_keys(stored);
  policies.push_back(given);
  return policies;
}

Result<boost::json::array> with_changed_policy(const boost::json::array& stored, const boost::json::object& given) {
  const std::string_view name = name_of(given);
  boost::json::array policies = without_keys(stored);
  auto* const found = std::ranges::find_if(policies, [&](const auto& policy) { return is_named(policy, name); });
  if (found == policies.end()) return no_such_policy(name);
  for (const auto& [member, value] : given) found->get_object()[member] = value;
  return policies;
}

Result<boost::json::array> without_policy(const boost::json::array& stored, std::string_view name) {
  boost::json::array policies = without_keys(stored);
  auto* const found = std::ranges::find_if(policies, [&](const auto& policy) { return is_named(policy, name); });
  if (found == policies.end()) return no_such_policy(name);
  policies.erase(found);
  return policies;
}

Result<boost::json::object> find_policy(const boost::json::array& stored, std::string_view name) {
  for (const auto& policy : stored) {
    if (is_named(policy, name)) return policy.get_object();
  }
  return no_such_policy(name);
}

}  // namespace muster::cli
