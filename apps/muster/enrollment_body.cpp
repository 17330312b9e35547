#include "muster/enrollment_body.h"

#include <fmt/format.h>

#include "base/text.h"
#include "model/json.h"
#include "muster/attestation_body.h"
#include "muster/ek_certificate.h"

namespace muster::cli {
namespace {

using boost::json::object;
using model::EnrollmentKind;

Result<object> json_option(std::string_view option, std::string_view text) {
  auto parsed = model::parse_json_object(text);
  if (!parsed) return invalid(fmt::format("{} must be a JSON object: {}", option, parsed.error().message));
  return parsed;
}

Result<object> initial_twin(const EnrollmentOptions& options) {
  object out;
  if (options.initial_twin_tags) {
    auto tags = json_option("--initial-twin-tags", *options.initial_twin_tags);
    if (!tags) return tags;
    out["tags"] = *std::move(tags);
  }
  if (options.initial_twin_properties) {
    auto desired = json_option("--initial-twin-properties", *options.initial_twin_properties);
    if (!desired) return desired;
    out["properties"] = object{{"desired", *std::move(desired)}};
  }
  return out;
}

Result<void> add_allocation(object& out, const EnrollmentOptions& options) {
  if (options.allocation_policy) {
    const auto policy = model::parse_allocation_policy(*options.allocation_policy);
    if (!policy) return invalid("--allocation-policy must be hashed, geolatency, static or custom.");
    out["allocationPolicy"] = model::to_string(*policy);
  }
  if (!options.iot_hubs.empty()) {
    boost::json::array hubs;
    for (const std::string& hub : options.iot_hubs) hubs.emplace_back(trim(hub));
    out["iotHubs"] = std::move(hubs);
  }
  if (options.webhook_url.has_value() != options.webhook_api_version.has_value()) {
    return invalid("--webhook-url and --api-version go together.");
  }
  if (options.webhook_url) {
    out["customAllocationDefinition"] =
        object{{"webhookUrl", *options.webhook_url}, {"apiVersion", *options.webhook_api_version}};
  }
  return {};
}

Result<void> add_reprovision_policy(object& out, const EnrollmentOptions& options) {
  if (!options.reprovision_policy) return {};
  const std::string& policy = *options.reprovision_policy;
  const bool migrate = policy == "reprovisionandmigratedata";
  const bool reset = policy == "reprovisionandresetdata";
  if (!migrate && !reset && policy != "never") return invalid("--reprovision-policy is not a known policy.");
  out["reprovisionPolicy"] = object{{"updateHubAssignment", migrate || reset}, {"migrateDeviceData", migrate}};
  return {};
}

/// The options with the key that a certificate stands for, and what is to be kept of the certificate.
struct Resolved {
  EnrollmentOptions options;
  object information;
};

Result<Resolved> with_endorsement_key(EnrollmentOptions options, TimePoint now) {
  if (!options.ek_certificate) {
    if (options.ek_roots) return invalid("--ek-roots goes with --ek-certificate.");
    return Resolved{std::move(options), {}};
  }
  if (options.endorsement_key) return invalid("Give --endorsement-key or --ek-certificate, not both.");
  auto read = read_ek_certificate_file(*options.ek_certificate, options.ek_roots.value_or(""), now);
  if (!read) return std::unexpected(read.error());
  options.endorsement_key = std::move(read->endorsement_key);
  return Resolved{std::move(options), std::move(read->record)};
}

bool has(const object& value, std::string_view member) {
  return value.contains(member);
}

}  // namespace

Result<object> given_members(EnrollmentKind kind, const EnrollmentOptions& options, TimePoint now) {
  if (kind == EnrollmentKind::kGroup && options.device_id) return invalid("A group has no --device-id.");
  object out;
  if (options.device_id) out["deviceId"] = *options.device_id;
  auto resolved = with_endorsement_key(options, now);
  if (!resolved) return std::unexpected(resolved.error());
  if (!resolved->information.empty()) out["optionalDeviceInformation"] = std::move(resolved->information);
  auto attestation = given_attestation(kind, resolved->options);
  if (!attestation) return attestation;
  if (!attestation->empty()) out["attestation"] = *std::move(attestation);
  if (auto added = add_allocation(out, options); !added) return std::unexpected(added.error());
  if (options.provisioning_status) out["provisioningStatus"] = *options.provisioning_status;
  auto twin = initial_twin(options);
  if (!twin) return twin;
  if (!twin->empty()) out["initialTwin"] = *std::move(twin);
  if (options.edge_enabled) out["capabilities"] = object{{"iotEdge", *options.edge_enabled}};
  if (auto added = add_reprovision_policy(out, options); !added) return std::unexpected(added.error());
  return out;
}

Result<object> creation_body(EnrollmentKind kind, const std::string& id, object given) {
  const auto* policy = given.if_contains("allocationPolicy");
  if (policy != nullptr && *policy == "custom" && !has(given, "customAllocationDefinition")) {
    return invalid("--allocation-policy custom needs --webhook-url and --api-version.");
  }
  object body;
  body[kind == EnrollmentKind::kGroup ? "enrollmentGroupId" : "registrationId"] = id;
  for (const auto& [key, value] : given) body[key] = value;
  if (!has(body, "attestation")) body["attestation"] = object{{"type", "symmetricKey"}};
  return body;
}

object update_body(object current, const object& given) {
  for (const auto& [key, value] : given) {
    auto& member = current[key];
    if (!member.is_object() || !value.is_object()) {
      member = value;
    } else if (key == "attestation") {
      member = merge_attestation(std::move(member.get_object()), value.get_object());
    } else {
      // Twin halves (tags, properties) are replaced one by one; the other objects always come whole.
      for (const auto& [inner, inner_value] : value.get_object()) member.get_object()[inner] = inner_value;
    }
  }
  return current;
}

}  // namespace muster::cli
