#include "server/metrics/registration_metrics.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "server/metrics/lazy_series.h"

namespace muster::server {
namespace {

using model::RegistrationStatus;
using prometheus::Counter;

constexpr std::array<std::string_view, 6> kProtocols{"http", "mqtt", "mqtt-ws", "amqp", "amqp-ws", "other"};
constexpr std::string_view kService = "provisioning_service_name";

/// Series stay for ever, so what goes beyond so many linked hubs is counted under one name.
constexpr std::size_t kMostHubs = 1000;
constexpr std::string_view kOtherHub = "other";

std::size_t protocol_index(std::string_view transport) {
  const auto found = std::ranges::find(kProtocols, transport);
  return std::min<std::size_t>(static_cast<std::size_t>(found - kProtocols.begin()), kProtocols.size() - 1);
}

prometheus::Family<Counter>& family(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

}  // namespace

struct RegistrationMetrics::OfInstance {
  std::string name;
  std::array<std::array<LazySeries<Counter>, kProtocols.size()>, 2> attestations;  ///< failure, success
  LazySeries<Counter> unauthorized;

  struct Ended {
    Counter* registrations = nullptr;
    Counter* assignments = nullptr;  ///< unless they are of another status than assigned
    Histogram* durations = nullptr;
  };
  std::mutex mutex;  // protects ended; registrations end on one thread, so it is hardly ever waited for
  std::map<std::pair<std::string, RegistrationStatus>, Ended> ended;  ///< by hub and status
};

RegistrationMetrics::RegistrationMetrics(prometheus::Registry& registry, std::span<const model::Instance> instances)
    : attestations_(family(registry, "muster_attestation_attempts_total",
                           "Attestations on register calls (AttestationAttempts of DPS)")),
      refusals_(family(registry, "muster_attestation_refusals_total",
                       "Refused attestations by the reason, which the device does not learn")),
      registrations_(family(registry, "muster_registration_attempts_total",
                            "Register calls by their result (RegistrationAttempts of DPS)")),
      assignments_(
          family(registry, "muster_device_assignments_total", "Devices assigned to a hub (DeviceAssignments of DPS)")),
      stuck_(family(registry, "muster_registrations_stuck_total",
                    "Operations that could not be brought to an end and stay open; counted at every try")),
      durations_("muster_registration_duration_seconds", "Time from the register call to the record written",
                 {std::string(kService), "status"}, duration_bounds()) {
  for (const model::Instance& instance : instances) {
    auto made = std::make_unique<OfInstance>();
    made->name = instance.name;
    instances_.emplace(instance.id, std::move(made));
    stuck_.Add({{std::string(kService), instance.name}});  // so that an alert has a zero to begin with
  }
}

RegistrationMetrics::~RegistrationMetrics() = default;

RegistrationMetrics::OfInstance* RegistrationMetrics::of(const model::InstanceId& instance) const {
  const auto found = instances_.find(instance);
  return found == instances_.end() ? nullptr : found->second.get();
}

void RegistrationMetrics::attested(const provisioning::DeviceRequest& request,
                                   const provisioning::Decision& decision) noexcept {
  OfInstance* instance = of(request.config->instance.id);
  if (instance == nullptr) return;
  const bool proven = decision.outcome != provisioning::Outcome::kRefused;
  const std::size_t protocol = protocol_index(request.transport);
  instance->attestations[proven ? 1 : 0][protocol]
      .get([&]() -> Counter& {
        return attestations_.Add({{std::string(kService), instance->name},
                                  {"status", proven ? "success" : "failure"},
                                  {"protocol", std::string(kProtocols[protocol])}});
      })
      .Increment();
  if (proven) return;
  refusals_.Add({{std::string(kService), instance->name}, {"reason", std::string(to_string(decision.reason))}})
      .Increment();
  instance->unauthorized
      .get([&]() -> Counter& {
        return registrations_.Add(
            {{std::string(kService), instance->name}, {"iot_hub_name", ""}, {"status", "unauthorized"}});
      })
      .Increment();
}

void RegistrationMetrics::registered(const model::InstanceId& instance_id, const model::Operation& operation,
                                     const model::Registration& record, TimePoint at) noexcept {
  OfInstance* instance = of(instance_id);
  if (instance == nullptr) return;
  const bool assigned = record.status == RegistrationStatus::kAssigned;
  // A failed record keeps its last hub, which has no part in the failure.
  std::string hub = assigned ? to_lower(record.assigned_hub) : std::string();
  const std::scoped_lock lock(instance->mutex);
  if (instance->ended.size() >= kMostHubs && !instance->ended.contains({hub, record.status})) hub = kOtherHub;
  OfInstance::Ended& ended = instance->ended[{hub, record.status}];
  if (ended.registrations == nullptr) {
    const std::string status(to_string(record.status));
    const prometheus::Labels of_hub{{std::string(kService), instance->name}, {"iot_hub_name", hub}};
    prometheus::Labels of_status = of_hub;
    of_status.emplace("status", status);
    ended.registrations = &registrations_.Add(of_status);
    ended.assignments = assigned ? &assignments_.Add(of_hub) : nullptr;
    ended.durations = &durations_.at({instance->name, status});
  }
  ended.registrations->Increment();
  if (ended.assignments != nullptr) ended.assignments->Increment();
  ended.durations->observe(at - operation.begun);
}

void RegistrationMetrics::stuck(const model::InstanceId& instance, const model::Operation& /*operation*/) noexcept {
  if (const OfInstance* known = of(instance)) stuck_.Add({{std::string(kService), known->name}}).Increment();
}

}  // namespace muster::server
