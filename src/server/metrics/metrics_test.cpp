#include "server/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "provisioning/test_hubs.h"
#include "server/tls/test_certificates.h"

namespace muster::server {
namespace {

using testing::HasSubstr;
using testing::Not;

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    instance_.id = "0neaaaa0001";
    instance_.name = "plant-dps";
    config_->instance = instance_;
  }
  RegistrationMetrics& registrations() {
    if (registrations_ == nullptr) registrations_ = &metrics_.watch_registrations(std::span(&instance_, 1));
    return *registrations_;
  }
  void attest(const std::string& transport, provisioning::Outcome outcome, provisioning::Reason reason) {
    provisioning::DeviceRequest request;
    request.config = config_;
    request.transport = transport;
    provisioning::Decision decision;
    decision.outcome = outcome;
    decision.reason = reason;
    registrations().attested(request, decision);
  }
  void end(model::RegistrationStatus status, const std::string& hub, const model::InstanceId& instance) {
    model::Operation operation;
    operation.begun = test::kNow;
    model::Registration record;
    record.status = status;
    record.assigned_hub = hub;
    registrations().registered(instance, operation, record, test::kNow + std::chrono::milliseconds(250));
  }
  [[nodiscard]] std::string text() const { return metrics_.render(); }

  TemporaryFolder folder_;
  ServedCertificates served_;
  Metrics metrics_{"1.2.3", folder_.path() / "muster.db", served_};
  model::Instance instance_;
  std::shared_ptr<model::InstanceConfig> config_ = std::make_shared<model::InstanceConfig>();
  RegistrationMetrics* registrations_ = nullptr;
};

TEST_F(MetricsTest, CountsAttestationsAsDpsDoes) {
  // R-190: ProvisioningServiceName, Status, Protocol
  attest("http", provisioning::Outcome::kAccepted, provisioning::Reason::kProven);
  attest("http", provisioning::Outcome::kDisabled, provisioning::Reason::kEnrollmentDisabled);
  attest("http", provisioning::Outcome::kRefused, provisioning::Reason::kWrongKey);
  attest("pigeon", provisioning::Outcome::kRefused, provisioning::Reason::kWrongKey);
  const std::string of_plant = R"(provisioning_service_name="plant-dps")";
  EXPECT_THAT(text(), HasSubstr("muster_attestation_attempts_total{protocol=\"http\"," + of_plant +
                                ",status=\"success\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("muster_attestation_attempts_total{protocol=\"http\"," + of_plant +
                                ",status=\"failure\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_attestation_attempts_total{protocol=\"other\"," + of_plant +
                                ",status=\"failure\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_attestation_refusals_total{" + of_plant + ",reason=\"wrong-key\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("muster_registration_attempts_total{iot_hub_name=\"\"," + of_plant +
                                ",status=\"unauthorized\"} 2\n"));
}

TEST_F(MetricsTest, CountsRegistrationsAndAssignmentsByHub) {
  end(model::RegistrationStatus::kAssigned, "Hub-A.test", instance_.id);
  end(model::RegistrationStatus::kAssigned, "hub-a.TEST", instance_.id);
  end(model::RegistrationStatus::kFailed, "hub-a.test", instance_.id);
  end(model::RegistrationStatus::kAssigned, "hub-a.test", "0neunknown1");
  const std::string of_hub = R"({iot_hub_name="hub-a.test",provisioning_service_name="plant-dps")";
  EXPECT_THAT(text(), HasSubstr("muster_registration_attempts_total" + of_hub + ",status=\"assigned\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("muster_device_assignments_total" + of_hub + "} 2\n"));
  EXPECT_THAT(text(), HasSubstr("muster_registration_attempts_total{iot_hub_name=\"\",provisioning_service_name="
                                "\"plant-dps\",status=\"failed\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_registration_duration_seconds_sum{provisioning_service_name=\"plant-dps\","
                                "status=\"assigned\"} 0.5\n"));
}

TEST_F(MetricsTest, TheNumberOfHubsThatAreToldApartIsBounded) {
  for (int i = 0; i < 1200; ++i) {
    end(model::RegistrationStatus::kAssigned, "hub-" + std::to_string(i) + ".test", instance_.id);
  }
  EXPECT_THAT(text(), HasSubstr("muster_device_assignments_total{iot_hub_name=\"other\",provisioning_service_name="
                                "\"plant-dps\"} 200\n"));
  EXPECT_THAT(text(), Not(HasSubstr("hub-1100.test")));
}

TEST_F(MetricsTest, CountsWhatGetsStuckFromZero) {
  registrations();
  EXPECT_THAT(text(), HasSubstr("muster_registrations_stuck_total{provisioning_service_name=\"plant-dps\"} 0\n"));
  registrations().stuck(instance_.id, {});
  EXPECT_THAT(text(), HasSubstr("muster_registrations_stuck_total{provisioning_service_name=\"plant-dps\"} 1\n"));
}

TEST_F(MetricsTest, MeasuresRequestsAndCountsRefusals) {
  const OperationInfo info{.index = 3, .api = Api::kService, .name = "Get", .type = "Registration", .subject = 0};
  const OperationInfo far{.index = 100'000, .api = Api::kService, .name = "Get", .type = "Registration", .subject = 0};
  const ApiError error{404, 404202, "Registration not found."};
  for (const OperationInfo* which : {&info, &info, &far}) {
    metrics_.api().finished(
        {.operation = *which, .at = test::kNow, .status = 200, .took = std::chrono::milliseconds(1)});
  }
  metrics_.api().finished(
      {.operation = info, .at = test::kNow, .status = 404, .refusal = &error, .took = std::chrono::milliseconds(1)});
  metrics_.api().malformed(431000);
  const std::string of_get = R"({api="service",operation="Get",status=")";
  EXPECT_THAT(text(), HasSubstr("muster_request_duration_seconds_count" + of_get + "2xx\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("muster_request_duration_seconds_count" + of_get + "4xx\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_requests_refused_total{api=\"service\",code=\"404202\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_requests_refused_total{api=\"none\",code=\"431000\"} 1\n"));
}

TEST_F(MetricsTest, MeasuresTheStore) {
  metrics_.store().committed(5, std::chrono::milliseconds(3));
  metrics_.store().commit_failed(2, Error{});
  EXPECT_THAT(text(), HasSubstr("muster_store_commit_duration_seconds_sum 0.003\n"));
  EXPECT_THAT(text(), HasSubstr("muster_store_commit_changes_bucket{le=\"8\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_store_commit_failures_total 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_store_size_bytes{file=\"database\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("muster_store_free_bytes "));
}

TEST_F(MetricsTest, TellsWhenCertificatesEnd) {
  std::vector<TlsIdentity> identities;
  identities.push_back(test::ecdsa_server().identity());
  served_.set(identities);
  EXPECT_THAT(text(), HasSubstr("muster_server_certificate_expiry_timestamp_seconds{common_name=\"ecdsa.example\","
                                "key_type=\"ecdsa\"} 1769299200\n"));
  EXPECT_THAT(text(), Not(HasSubstr("muster_ca_certificate_expiry")));

  const auto certificate = test::ecdsa_server().chain.front();
  config_->certificates = {{"unverified", certificate, false, "", {}, {}}};
  metrics_.certificates().note(*config_);
  EXPECT_THAT(text(), Not(HasSubstr("muster_ca_certificate_expiry")));
  config_->certificates.push_back({"verified", certificate, true, "", {}, {}});
  metrics_.certificates().note(*config_);
  EXPECT_THAT(text(), HasSubstr("muster_ca_certificate_expiry_timestamp_seconds{provisioning_service_name="
                                "\"plant-dps\"} 1769299200\n"));
}

TEST_F(MetricsTest, ShowsListenersGaugesAndTheProcess) {
  ServerCounters counters;
  counters.open = 3;
  counters.handshakes_failed = 7;
  metrics_.listeners().watch("0.0.0.0:443", counters);
  metrics_.add_gauge("muster_things", "Things", [] { return 42.0; });
  EXPECT_THAT(text(), HasSubstr("muster_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_connections_open{listener=\"0.0.0.0:443\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("muster_tls_handshakes_total{listener=\"0.0.0.0:443\",result=\"failed\"} 7\n"));
  EXPECT_THAT(text(), HasSubstr("# TYPE muster_things gauge\nmuster_things 42\n"));
  for (const char* name : {"process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_open_fds ",
                           "process_start_time_seconds ", "process_threads "}) {
    EXPECT_THAT(text(), HasSubstr("\n" + std::string(name)));
  }
}

TEST_F(MetricsTest, MeasuresCallsOfHubs) {
  class Hub final : public provisioning::testing::QuietHub {
   public:
    Task<Result<void>> delete_device(model::InstanceId, model::LinkedHub, std::string) override {
      co_return fail(ErrorCode::kUnavailable, "busy");
    }
  } hub;
  ObservedHub observed(hub, &metrics_.hubs());
  model::LinkedHub linked;
  linked.host_name = "Hub-A.test";
  EXPECT_TRUE(wait_for(observed.put_identity("i", linked, {})));
  EXPECT_TRUE(wait_for(observed.read_device("i", linked, "d")));
  EXPECT_FALSE(wait_for(observed.delete_device("i", linked, "d")));
  const std::string count = R"(muster_hub_call_duration_seconds_count{iot_hub_name="hub-a.test",operation=")";
  EXPECT_THAT(text(), HasSubstr(count + "put_device\",result=\"ok\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr(count + "read_device\",result=\"ok\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr(count + "delete_device\",result=\"unavailable\"} 1\n"));
  EXPECT_TRUE(wait_for(ObservedHub(hub, nullptr).put_identity("i", linked, {})));
}

}  // namespace
}  // namespace muster::server
