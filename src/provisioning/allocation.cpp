#include "provisioning/allocation.h"

#include <cmath>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"

namespace muster::provisioning {
namespace {

using model::AllocationPolicy;
using model::Enrollment;
using model::InstanceConfig;
using model::LinkedHub;

// device-api.md 3.6
constexpr int kCustomAllocationFailed = 400207;
constexpr int kNoHubToAssign = 400208;

// Policy, hub, and what becomes of the device there.
constexpr std::size_t kUsualChecks = 3;

int code_of(Cause cause) {
  const bool nothing_to_choose =
      cause == Cause::kNoHubLinked || cause == Cause::kNamedHubsNotLinked || cause == Cause::kStaticHubCount;
  return nothing_to_choose ? kNoHubToAssign : kCustomAllocationFailed;
}

/// The hubs that an entry names.
std::span<const std::string> named_hubs(const Enrollment& enrollment) {
  if (enrollment.iot_hubs && !enrollment.iot_hubs->empty()) return *enrollment.iot_hubs;
  if (!enrollment.iot_hub_host_name.empty()) return {&enrollment.iot_hub_host_name, 1};
  return {};
}

std::vector<const LinkedHub*> candidates(std::span<const std::string> named, const InstanceConfig& config,
                                         std::vector<Check>& checks) {
  std::vector<const LinkedHub*> out;
  if (named.empty()) {
    for (const LinkedHub& hub : config.hubs) {
      if (hub.apply_allocation_policy) out.push_back(&hub);
    }
    return out;
  }
  for (const std::string& name : named) {
    const LinkedHub* hub = config.find_hub(name);
    if (hub != nullptr) {
      out.push_back(hub);
    } else {
      checks.push_back({"allocation.linked", false, fmt::format("{} is named by the entry but not linked", name)});
    }
  }
  return out;
}

/// The hubs that cost a device least, as far as is known; all when nothing is.
std::vector<const LinkedHub*> nearest(const std::vector<const LinkedHub*>& hubs, const DevicePlace& place,
                                      std::vector<Check>& checks) {
  const std::string region = place.geo == nullptr ? std::string() : place.geo->region_of(place.address);
  if (region.empty()) {
    checks.push_back(
        {"allocation.region", false, fmt::format("{} is in no network that is configured", place.address)});
    return hubs;
  }
  checks.push_back({"allocation.region", true, fmt::format("{} is in {}", place.address, region)});
  std::vector<const LinkedHub*> out;
  std::optional<std::chrono::milliseconds> least;
  std::string facts;
  for (const LinkedHub* hub : hubs) {
    const auto cost = place.geo->cost(region, *hub, place.measured ? place.measured(*hub) : std::nullopt);
    facts += facts.empty() ? "" : ", ";
    facts += cost ? fmt::format("{} {} ms ({})", hub->host_name, cost->latency.count(), cost->source)
                  : fmt::format("{} not known", hub->host_name);
    if (!cost || (least && *least < cost->latency)) continue;
    if (least && cost->latency < *least) out.clear();
    least = cost->latency;
    out.push_back(hub);
  }
  checks.push_back({"allocation.latency", !out.empty(), facts});
  return out.empty() ? hubs : out;
}

const LinkedHub& first_by_hash(const std::vector<const LinkedHub*>& hubs, std::string_view registration_id) {
  const LinkedHub* best = nullptr;
  double best_score = 0;
  for (const LinkedHub* hub : hubs) {
    const double score = rendezvous_score(registration_id, hub->host_name, hub->allocation_weight);
    if (best == nullptr || score > best_score || (score == best_score && hub->host_name < best->host_name)) {
      best = hub;
      best_score = score;
    }
  }
  return *best;
}

Allocation choose(const LinkedHub& hub, std::string why, std::vector<Check> checks) {
  checks.push_back({"allocation.hub", true, fmt::format("{} ({})", hub.host_name, why)});
  return {&hub, 0, {}, std::nullopt, std::move(checks)};
}

}  // namespace

Allocation no_allocation(Cause cause, std::string message, std::vector<Check> checks) {
  checks.push_back({"allocation.hub", false, message});
  return {nullptr, code_of(cause), std::move(message), cause, std::move(checks)};
}

AllocationPolicy allocation_policy_of(const Enrollment& enrollment, const InstanceConfig& config) {
  if (enrollment.allocation_policy) return *enrollment.allocation_policy;
  if (!enrollment.iot_hub_host_name.empty()) return AllocationPolicy::kStatic;
  return config.instance.allocation_policy;
}

std::vector<const LinkedHub*> allocation_candidates(const Enrollment& enrollment, const InstanceConfig& config,
                                                    std::vector<Check>& checks) {
  return candidates(named_hubs(enrollment), config, checks);
}

Allocation no_candidates(const Enrollment& enrollment, std::vector<Check> checks) {
  if (named_hubs(enrollment).empty()) {
    return no_allocation(Cause::kNoHubLinked, "No IoT hub is linked.", std::move(checks));
  }
  return no_allocation(Cause::kNamedHubsNotLinked, "None of the IoT hubs of the enrollment is linked.",
                       std::move(checks));
}

double rendezvous_score(std::string_view registration_id, std::string_view hub_host_name, int weight) {
  const std::string input = to_lower(hub_host_name) + '\n' + to_lower(registration_id);
  const auto digest = crypto::sha256(as_bytes(input));
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = bits << 8 | digest[i];
  // A uniform number in (0, 1): 53 bits fill a double exactly, the half keeps it off both ends.
  const double uniform = (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53;
  return -static_cast<double>(weight) / std::log(uniform);
}

Allocation allocate(const Enrollment& enrollment, const InstanceConfig& config, std::string_view registration_id,
                    const DevicePlace& place) {
  std::vector<Check> checks;
  checks.reserve(kUsualChecks);
  const AllocationPolicy policy = allocation_policy_of(enrollment, config);
  checks.push_back({"allocation.policy", true, std::string(to_string(policy))});

  const auto named = named_hubs(enrollment);
  std::vector<const LinkedHub*> hubs = candidates(named, config, checks);
  if (policy == AllocationPolicy::kStatic && named.size() != 1) {
    return no_allocation(
        Cause::kStaticHubCount,
        fmt::format("Static allocation needs exactly one hub in the enrollment; it names {}.", named.size()),
        std::move(checks));
  }
  if (hubs.empty()) return no_candidates(enrollment, std::move(checks));
  if (hubs.size() == 1) return choose(*hubs.front(), "the only candidate", std::move(checks));
  if (policy == AllocationPolicy::kGeoLatency) hubs = nearest(hubs, place, checks);
  if (hubs.size() == 1) return choose(*hubs.front(), "the nearest", std::move(checks));
  return choose(first_by_hash(hubs, registration_id), fmt::format("weighted hash over {} hubs", hubs.size()),
                std::move(checks));
}

}  // namespace muster::provisioning
