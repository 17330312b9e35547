#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "hub/azure_hubs.h"
#include "hub/event_retention.h"
#include "hub/jobs.h"
#include "hub/linked_hubs.h"
#include "hub/local_hub.h"
#include "hub/sinks.h"
#include "outbound/http.h"
#include "provisioning/custom_allocation.h"
#include "provisioning/registrar.h"
#include "provisioning/revocation.h"
#include "server/api/api_handler.h"
#include "server/api/attempt_api.h"
#include "server/api/device_api.h"
#include "server/api/device_gateway.h"
#include "server/api/device_service.h"
#include "server/api/enrollment_api.h"
#include "server/api/enrollment_transfer.h"
#include "server/api/hub_policy_api.h"
#include "server/api/management_api.h"
#include "server/api/registration_api.h"
#include "server/api/revocation_api.h"
#include "server/api/webhook_api.h"
#include "server/hub_api/event_api.h"
#include "server/hub_api/hub_handler.h"
#include "server/hub_api/job_api.h"
#include "server/hub_api/message_api.h"
#include "server/hub_api/method_api.h"
#include "server/hub_api/registry_api.h"
#include "server/metrics/observed_hub.h"
#include "server/mqtt/hub.h"
#include "server/mqtt/provisioning.h"
#include "store/store.h"

namespace muster::server {

/// Everything between the listeners and the store, wired: APIs, registrar, hub.
///
/// Lifecycle: open() once, after the store holds an instance; operations and jobs that were open at the last end go on
/// at once. Stop the listeners before dropping it. Thread-safe.
class Service {
 public:
  struct Parts {
    store::Store& store;
    const Clock& clock;
    Random& random;
    outbound::HttpClient& outbound;
    outbound::HttpClient& webhook_http;  ///< that refuses addresses of refused_webhook_networks()
    provisioning::WebhookSettings webhooks = {};
    hub::AzureLinkSettings hub_links = {};
    std::chrono::seconds hub_patience = std::chrono::minutes(5);  ///< as of the registrar
    const model::GeoTable* geo = nullptr;  ///< where networks and hubs are (R-086); may be null, outlives the service
    provisioning::AttestationSettings attestation;
    provisioning::AttemptRetention attempts;
    ServiceLimits limits;
    hub::Jobs::Settings jobs = {};
    hub::JobRunner::Settings job_runner = {};
    hub::RetentionSettings events = {};
    std::vector<hub::SinkSettings> sinks = {};
    model::HubNoticeSettings notices = {};
    mqtt::RefusedConnectLimits refused_connects = {};
    std::vector<OperationObserver*> operation_observers = {};
    provisioning::RegistrationObserver* registration_observer = nullptr;  ///< may be null
    HubMetrics* hub_metrics = nullptr;                                    ///< may be null
  };

  static Result<std::unique_ptr<Service>> open(Parts parts);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// What is spoken over HTTP: the APIs of provisioning, and of the hubs under their host names.
  [[nodiscard]] HttpHandler& http() { return hub_handler_; }
  [[nodiscard]] const ApiHandler& handler() const { return handler_; }
  /// The device API for transports other than HTTP.
  [[nodiscard]] DeviceGateway& gateway() { return gateway_; }
  /// What is spoken over MQTT: the device API, and the hubs.
  [[nodiscard]] mqtt::Owner& mqtt() { return mqtt_devices_; }
  [[nodiscard]] provisioning::Registrar& registrar() { return registrar_; }
  [[nodiscard]] provisioning::CustomAllocation& custom_allocation() { return custom_allocation_; }
  [[nodiscard]] const hub::AllHubCounters& hub_counters() const { return hub_counters_; }
  [[nodiscard]] hub::JobRunner& job_runner() { return job_runner_; }
  [[nodiscard]] const HubHandler& hub_handler() const { return hub_handler_; }
  [[nodiscard]] hub::AzureHubs& azure_hubs() { return azure_hubs_; }
  /// Forgets results of operations that began longer ago than `retention`; returns how many.
  Result<std::size_t> purge_operations(std::chrono::minutes retention);
  /// Forgets the jobs of hubs that ended longer ago than `retention`; returns how many.
  Result<std::size_t> purge_jobs(std::chrono::hours retention);
  /// Ends the messages to devices that have expired; returns how many devices they were for.
  Result<std::size_t> expire_messages();
  [[nodiscard]] const hub::EventRetention& retention() const { return retention_; }
  [[nodiscard]] hub::Sinks& sinks() { return *sinks_; }
  /// Begins to forget events of hubs beyond their retention, and does not wait for it.
  void trim_events() { retention_.begin(); }
  /// Forgets the oldest attempts beyond their retention; returns how many.
  Result<std::size_t> trim_attempts();

 private:
  Service(const Parts& parts, InstanceDirectory instances);
  std::vector<Route> all_routes();
  std::vector<HubRoute> hub_routes();
  Task<std::optional<hub::HubName>> find_hub(std::string host);
  Result<void> begin_sinks();

  Parts parts_;
  InstanceDirectory instances_;
  hub::LiveDevices live_devices_;
  hub::LocalHub local_hub_;
  hub::AzureHubs azure_hubs_;
  hub::LinkedHubs hubs_;
  ObservedHub observed_hub_;
  provisioning::AttemptJournal attempts_;
  provisioning::CustomAllocation custom_allocation_;
  provisioning::Registrar registrar_;
  EnrollmentApi enrollments_;
  EnrollmentTransfer transfer_;
  RegistrationApi registrations_;
  provisioning::Revocation revocation_;
  RevocationApi revocations_;
  ManagementApi management_;
  HubPolicyApi hub_policies_;
  AttemptApi explanations_;
  WebhookApi webhook_api_;
  DeviceService devices_;
  DeviceApi device_api_;
  DeviceGateway gateway_;
  ApiHandler handler_;
  Timers timers_;
  hub::AllHubCounters hub_counters_;
  hub::DirectMethods methods_;
  hub::EventLog events_;
  hub::EventRetention retention_;
  hub::DeviceMessages messages_;
  hub::DeviceTwins twins_;
  hub::Registry hub_registry_;
  hub::JobRunner job_runner_;
  hub::Jobs jobs_;
  RegistryApi registry_api_;
  MethodApi method_api_;
  EventApi event_api_;
  JobApi job_api_;
  MessageApi message_api_;
  HubHandler hub_handler_;
  mqtt::Provisioning mqtt_provisioning_;
  mqtt::Hub mqtt_hub_;
  mqtt::DeviceOwner mqtt_devices_;
  std::unique_ptr<hub::Sinks> sinks_;  ///< last: they use what is above until they end
};

}  // namespace muster::server
