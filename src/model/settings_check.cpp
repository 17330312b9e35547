#include "model/settings_check.h"

#include <fmt/format.h>

#include "base/text.h"
#include "model/ids.h"
#include "model/json.h"
#include "wire/request_target.h"

namespace muster::model {
namespace {

constexpr std::size_t kMaxHubs = 50;
constexpr std::size_t kMaxUrlLength = 2048;
/// The first api-version with custom allocation (service-api.md section 2).
constexpr std::string_view kFirstCustomAllocationVersion = "2018-09-01-preview";

Result<void> check_hubs(const Enrollment& enrollment) {
  if (!enrollment.iot_hub_host_name.empty()) {
    if (auto fine = check_host_name(enrollment.iot_hub_host_name, "iotHubHostName"); !fine) return fine;
  }
  if (!enrollment.iot_hubs) return {};
  if (enrollment.iot_hubs->size() > kMaxHubs) {
    return invalid(fmt::format("iotHubs: may hold at most {} host names", kMaxHubs));
  }
  for (std::size_t i = 0; i < enrollment.iot_hubs->size(); ++i) {
    if (auto fine = check_host_name((*enrollment.iot_hubs)[i], fmt::format("iotHubs[{}]", i)); !fine) return fine;
  }
  return {};
}

bool is_web_url(std::string_view url) {
  if (url.size() > kMaxUrlLength) return false;
  for (char c : url) {
    if (c <= ' ' || c > '~') return false;
  }
  for (std::string_view scheme : {"https://", "http://"}) {
    if (starts_with_nocase(url, scheme)) return url.size() > scheme.size();
  }
  return false;
}

Result<void> check_custom_allocation(const Enrollment& enrollment) {
  const auto& custom = enrollment.custom_allocation;
  if (!custom) {
    if (enrollment.allocation_policy != AllocationPolicy::kCustom) return {};
    return invalid("customAllocationDefinition: is required with allocationPolicy custom");
  }
  if (!is_web_url(custom->webhook_url)) {
    return invalid("customAllocationDefinition.webhookUrl: must be an http or https URL");
  }
  if (!wire::is_plausible_api_version(custom->api_version) || custom->api_version < kFirstCustomAllocationVersion) {
    return invalid(
        fmt::format("customAllocationDefinition.apiVersion: must be {} or later", kFirstCustomAllocationVersion));
  }
  return {};
}

Result<void> check_twin(const boost::json::object& twin) {
  if (auto tags = optional_object(twin, "tags"); !tags) return invalid("initialTwin." + tags.error().message);
  const auto properties = optional_object(twin, "properties");
  if (!properties) return invalid("initialTwin." + properties.error().message);
  if (*properties == nullptr) return {};
  if (auto desired = optional_object(**properties, "desired"); !desired) {
    return invalid("initialTwin.properties." + desired.error().message);
  }
  return {};
}

}  // namespace

Result<void> check_settings(const Enrollment& enrollment) {
  if (!enrollment.device_id.empty()) {
    if (auto fine = check_device_id(enrollment.device_id); !fine) return fine;
  }
  if (auto fine = check_hubs(enrollment); !fine) return fine;
  if (auto fine = check_custom_allocation(enrollment); !fine) return fine;
  if (enrollment.initial_twin) return check_twin(*enrollment.initial_twin);
  return {};
}

}  // namespace muster::model
