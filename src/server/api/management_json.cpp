#include "server/api/management_json.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/json.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::AllocationPolicy;
using model::InstanceConfig;
using model::Rights;
using model::SharedAccessPolicy;

constexpr std::size_t kMaxPolicies = 100;
constexpr std::size_t kPolicyKeySize = 64;

/// The control plane writes policies with a capital letter (service-api.md 8.4).
std::string_view management_name(AllocationPolicy policy) {
  switch (policy) {
    case AllocationPolicy::kHashed:
      return "Hashed";
    case AllocationPolicy::kGeoLatency:
      return "GeoLatency";
    case AllocationPolicy::kStatic:
      return "Static";
    case AllocationPolicy::kCustom:
      return "Custom";
  }
  return "Hashed";
}

/// The key of a policy: as given, or the stored one, or a new one.
Result<SecretBytes> read_key(const json::object& object, std::string_view member, const SecretBytes* current,
                             Random& random) {
  const auto text = model::optional_string(object, member);
  if (!text) return std::unexpected(text.error());
  if (!*text || (*text)->empty()) return current != nullptr ? *current : SecretBytes(random.bytes(kPolicyKeySize));
  auto key = from_base64(**text);
  if (!key || key->size() < 16 || key->size() > 64) {
    return invalid(fmt::format("properties.authorizationPolicies.{} must be base64 of 16 to 64 octets.", member));
  }
  return SecretBytes(std::move(*key));
}

/// A policy of the service or of a hub; `stored`: those of the same owner, whose keys are kept.
template <class Policy>
Result<Policy> read_policy(const json::value& value, const std::vector<Policy>& stored, Random& random) {
  if (!value.is_object()) return invalid("properties.authorizationPolicies: every entry must be an object.");
  const json::object& object = value.get_object();
  const auto name = model::required_string(object, "keyName");
  if (!name) return std::unexpected(name.error());
  const bool good_name = !name->empty() && name->size() <= 64 && std::ranges::all_of(*name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_-@.").find(c) != std::string_view::npos;
  });
  if (!good_name) return invalid("properties.authorizationPolicies.keyName: letters, digits and _-@. only, up to 64.");
  const auto rights_text = model::required_string(object, "rights");
  if (!rights_text) return std::unexpected(rights_text.error());
  auto rights = decltype(Policy::rights)::parse(*rights_text);
  if (!rights) return std::unexpected(rights.error());

  const auto former = std::ranges::find(stored, *name, &Policy::name);
  const Policy* current = former == stored.end() ? nullptr : &*former;
  auto primary = read_key(object, "primaryKey", current != nullptr ? &current->primary_key : nullptr, random);
  if (!primary) return std::unexpected(primary.error());
  auto secondary = read_key(object, "secondaryKey", current != nullptr ? &current->secondary_key : nullptr, random);
  if (!secondary) return std::unexpected(secondary.error());
  return Policy{std::string(*name), *rights, std::move(*primary), std::move(*secondary)};
}

template <class Policy>
Result<std::vector<Policy>> read_policies(const json::array& array, const std::vector<Policy>& stored, Random& random) {
  if (array.size() > kMaxPolicies) {
    return fail(ErrorCode::kLimitExceeded, "properties.authorizationPolicies: too many policies.");
  }
  std::vector<Policy> policies;
  for (const auto& value : array) {
    auto policy = read_policy(value, stored, random);
    if (!policy) return std::unexpected(policy.error());
    const bool twice = std::ranges::any_of(policies, [&](const Policy& p) { return p.name == policy->name; });
    if (twice) return invalid(fmt::format("properties.authorizationPolicies: {} is named twice.", policy->name));
    policies.push_back(std::move(*policy));
  }
  return policies;
}

/// Nobody may lock himself out: only such a policy can change policies.
bool somebody_configures(const std::vector<SharedAccessPolicy>& policies) {
  return std::ranges::any_of(
      policies, [](const SharedAccessPolicy& policy) { return policy.rights.allows(model::Right::kServiceConfig); });
}

template <class Policy>
json::object to_json(const Policy& policy) {
  return {{"keyName", policy.name},
          {"primaryKey", to_base64(policy.primary_key.reveal())},
          {"secondaryKey", to_base64(policy.secondary_key.reveal())},
          {"rights", policy.rights.to_string()}};
}

}  // namespace

json::object instance_to_json(const InstanceConfig& config, std::string_view id, std::string_view subscription,
                              std::string_view resource_group, const LinkViews& links) {
  json::array hubs;
  for (const model::LinkedHub& hub : config.hubs) {
    const auto found = links.find(hub.host_name);
    hubs.push_back(linked_hub_to_json(hub, found == links.end() ? std::nullopt : std::optional(found->second)));
  }
  return {{"id", id},
          {"name", config.instance.name},
          {"type", "Microsoft.Devices/provisioningServices"},
          {"location", ""},
          {"resourcegroup", resource_group},  // lower case matters (service-api.md 8.1)
          {"subscriptionid", subscription},
          {"tags", json::object()},
          {"etag", config.instance.etag},
          {"sku", {{"name", "S1"}, {"tier", "Standard"}, {"capacity", 1}}},
          {"properties",
           {{"state", "Active"},
            {"provisioningState", "Succeeded"},
            {"iotHubs", std::move(hubs)},
            {"allocationPolicy", management_name(config.instance.allocation_policy)},
            {"serviceOperationsHostName", config.instance.service_host},
            {"deviceProvisioningHostName", config.instance.service_host},
            {"idScope", config.instance.id_scope}}}};
}

json::object policy_to_json(const SharedAccessPolicy& policy) {
  return to_json(policy);
}

json::object policy_to_json(const model::HubPolicy& policy) {
  return to_json(policy);
}

json::object served_hub_to_json(std::string_view host_name, std::string_view etag, std::string_view id) {
  return {{"id", id},
          {"name", host_name},
          {"type", "Microsoft.Devices/provisioningServices/hubs"},
          {"etag", etag},
          {"properties", {{"hostName", host_name}, {"state", "Active"}}}};
}

json::object certificate_to_json(const model::CaCertificate& certificate, std::string_view instance_resource_id) {
  const auto& x509 = certificate.certificate;
  return {{"properties",
           {{"subject", x509.common_name()},
            {"expiry", format_http_time(x509.not_after())},
            {"thumbprint", hex_upper(crypto::sha1(x509.der()))},
            {"isVerified", certificate.verified},
            {"created", format_http_time(certificate.created)},
            {"updated", format_http_time(certificate.updated)},
            {"certificate", nullptr}}},
          {"id", fmt::format("{}/certificates/{}", instance_resource_id, certificate.name)},
          {"name", certificate.name},
          {"type", "Microsoft.Devices/provisioningServices/Certificates"},
          {"etag", certificate.etag}};
}

Result<InstanceConfig> apply_instance_put(const InstanceConfig& current, const json::object& properties,
                                          std::size_t max_hubs, Random& random) {
  InstanceConfig next = current;
  const auto hubs = model::optional_array(properties, "iotHubs");
  if (!hubs) return std::unexpected(hubs.error());
  if (*hubs != nullptr) {
    // A limit that was lowered must not keep anybody from changing what is there.
    auto read = read_linked_hubs(**hubs, current, std::max(max_hubs, current.hubs.size()));
    if (!read) return std::unexpected(read.error());
    next.hubs = std::move(*read);
    next.complete_hub_policies(random);
  }
  const auto policy = model::optional_string(properties, "allocationPolicy");
  if (!policy) return std::unexpected(policy.error());
  if (*policy) {
    const auto parsed = model::parse_allocation_policy(**policy);
    if (!parsed || *parsed == AllocationPolicy::kCustom) {
      return invalid("properties.allocationPolicy must be Hashed, GeoLatency or Static.");
    }
    next.instance.allocation_policy = *parsed;
  }
  const auto policies = model::optional_array(properties, "authorizationPolicies");
  if (!policies) return std::unexpected(policies.error());
  if (*policies != nullptr) {
    auto read = read_policies(**policies, current.policies, random);
    if (!read) return std::unexpected(read.error());
    if (!somebody_configures(*read)) {
      return invalid("properties.authorizationPolicies: at least one policy must have the right ServiceConfig.");
    }
    next.policies = std::move(*read);
  }
  return next;
}

Result<std::vector<model::HubPolicy>> apply_hub_put(const std::vector<model::HubPolicy>& current,
                                                    const json::object& properties, Random& random) {
  const auto policies = model::optional_array(properties, "authorizationPolicies");
  if (!policies) return std::unexpected(policies.error());
  if (*policies == nullptr) return current;
  return read_policies(**policies, current, random);
}

}  // namespace muster::server
