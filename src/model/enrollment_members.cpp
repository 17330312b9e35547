#include "model/enrollment_members.h"

#include <fmt/format.h>

#include "model/names.h"

namespace muster::model {
namespace {

using boost::json::array;
using boost::json::object;

std::optional<object> read_object(const MemberReader& source, std::string_view member) {
  const object* value = source.object(member);
  // With a storage of its own: a plain copy would lie where the request lies, and outlive it.
  return value == nullptr ? std::nullopt : std::optional<object>(std::in_place, *value, boost::json::storage_ptr());
}

ProvisioningStatus read_status(const MemberReader& source) {
  const auto text = source.text("provisioningStatus");
  if (!text) return ProvisioningStatus::kEnabled;  // service-api.md 3.5.5
  const auto status = value_named(kProvisioningStatusNames, *text);
  if (!status) source.reject("provisioningStatus", "must be enabled or disabled");
  return status.value_or(ProvisioningStatus::kEnabled);
}

std::optional<AllocationPolicy> read_allocation_policy(const MemberReader& source) {
  const auto text = source.text("allocationPolicy");
  if (!text) return std::nullopt;
  const auto policy = parse_allocation_policy(*text);
  if (!policy) source.reject("allocationPolicy", "must be hashed, geoLatency, static or custom");
  return policy;
}

std::optional<std::vector<std::string>> read_iot_hubs(const MemberReader& source) {
  const array* hubs = source.array("iotHubs");
  if (hubs == nullptr) return std::nullopt;
  std::vector<std::string> out;
  out.reserve(hubs->size());
  for (std::size_t i = 0; i < hubs->size(); ++i) {
    if (const auto* host = (*hubs)[i].if_string()) {
      out.emplace_back(host->data(), host->size());
    } else {
      source.reject(fmt::format("iotHubs[{}]", i), "must be a string");
    }
  }
  return out;
}

std::optional<CustomAllocation> read_custom_allocation(const MemberReader& source) {
  const auto definition = source.child("customAllocationDefinition");
  if (!definition) return std::nullopt;
  return CustomAllocation{.webhook_url = definition->required_text("webhookUrl"),
                          .api_version = definition->required_text("apiVersion")};
}

std::optional<ReprovisionPolicy> read_reprovision_policy(const MemberReader& source) {
  const auto policy = source.child("reprovisionPolicy");
  if (!policy) return std::nullopt;
  return ReprovisionPolicy{.update_hub_assignment = policy->flag("updateHubAssignment").value_or(true),
                           .migrate_device_data = policy->flag("migrateDeviceData").value_or(true)};
}

std::optional<bool> read_iot_edge(const MemberReader& source) {
  const auto capabilities = source.child("capabilities");
  if (!capabilities) return std::nullopt;
  return capabilities->flag("iotEdge").value_or(false);
}

}  // namespace

object capabilities_to_json(bool iot_edge, const boost::json::storage_ptr& storage) {
  object out(storage);
  out["iotEdge"] = iot_edge;
  return out;
}

object reprovision_policy_to_json(const ReprovisionPolicy& policy, const boost::json::storage_ptr& storage) {
  object out(storage);
  out["updateHubAssignment"] = policy.update_hub_assignment;
  out["migrateDeviceData"] = policy.migrate_device_data;
  return out;
}

object custom_allocation_to_json(const CustomAllocation& allocation, const boost::json::storage_ptr& storage) {
  object out(storage);
  out["webhookUrl"] = allocation.webhook_url;
  out["apiVersion"] = allocation.api_version;
  return out;
}

array iot_hubs_to_json(const std::vector<std::string>& hubs, const boost::json::storage_ptr& storage) {
  array out(storage);
  out.reserve(hubs.size());
  for (const std::string& host : hubs) out.emplace_back(host);
  return out;
}

Enrollment read_common_members(EnrollmentKind kind, const MemberReader& source) {
  Enrollment out;
  out.kind = kind;
  if (kind == EnrollmentKind::kIndividual) {
    out.device_id = source.text_or_empty("deviceId");
    out.device_information = read_object(source, "optionalDeviceInformation");
  }
  out.iot_edge = read_iot_edge(source);
  out.iot_hub_host_name = source.text_or_empty("iotHubHostName");
  out.initial_twin = read_object(source, "initialTwin");
  out.status = read_status(source);
  out.reprovision_policy = read_reprovision_policy(source);
  out.allocation_policy = read_allocation_policy(source);
  out.iot_hubs = read_iot_hubs(source);
  out.custom_allocation = read_custom_allocation(source);
  return out;
}

}  // namespace muster::model
