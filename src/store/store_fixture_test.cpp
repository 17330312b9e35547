#include "store/store_fixture.h"

#include <cstdlib>

#include "base/text.h"

namespace muster::store {
namespace {

std::shared_ptr<const crypto::Sealer> sealer_of(std::uint8_t octet) {
  static SystemRandom random;
  return std::make_shared<crypto::Sealer>(SecretBytes(Bytes(crypto::Sealer::kKeySize, octet)), random);
}

}  // namespace

std::shared_ptr<const crypto::Sealer> test_sealer() {
  return sealer_of(7);
}

std::shared_ptr<const crypto::Sealer> other_sealer() {
  return sealer_of(8);
}

crypto::Certificate make_certificate(const std::string& common_name) {
  SystemRandom random;
  const auto key = crypto::PrivateKey::generate_p256();
  const crypto::CertificateRequest request{.common_name = common_name,
                                           .use = crypto::CertificateUse::kRootCa,
                                           .dns_names = {},
                                           .ip_addresses = {},
                                           .not_before = kNow,
                                           .not_after = kNow + std::chrono::hours(24)};
  return crypto::issue_certificate(request, *key, {*key, nullptr}, random).value();
}

model::EnrolledCertificate enrolled(const crypto::Certificate& certificate) {
  return {certificate.info().value(), certificate.der()};
}

SecretBytes secret(std::string_view text) {
  return SecretBytes(as_bytes(text));
}

model::InstanceConfig make_config(const InstanceId& id, const std::string& name) {
  model::InstanceConfig config;
  config.instance = {.id = id,
                     .name = name,
                     .id_scope = to_upper(id),
                     .service_host = name + ".example.net",
                     .allocation_policy = model::AllocationPolicy::kGeoLatency,
                     .etag = "e1",
                     .created = kNow};
  config.policies = {{.name = "owner",
                      .rights = model::Rights::of({model::Right::kServiceConfig, model::Right::kEnrollmentWrite}),
                      .primary_key = secret("policy-primary-key"),
                      .secondary_key = secret("policy-secondary-key")}};
  config.hubs = {{.host_name = "Hub-B.example.net", .location = "north", .key_name = {}, .key = {}},
                 {.host_name = "hub-a.example.net",
                  .kind = model::HubKind::kAzure,
                  .location = "south",
                  .apply_allocation_policy = false,
                  .allocation_weight = 7,
                  .key_name = "iothubowner",
                  .key = secret("azure-hub-key")}};
  return config;
}

namespace {

Enrollment entry(EnrollmentKind kind, const std::string& id, model::Attestation attestation) {
  Enrollment value;
  value.kind = kind;
  value.id = id;
  value.attestation = std::move(attestation);
  value.etag = "e1";
  value.created = kNow;
  value.updated = kNow;
  return value;
}

}  // namespace

Enrollment individual(const std::string& id, model::Attestation attestation) {
  return entry(EnrollmentKind::kIndividual, id, std::move(attestation));
}

Enrollment group(const std::string& id, model::Attestation attestation) {
  return entry(EnrollmentKind::kGroup, id, std::move(attestation));
}

model::SymmetricKeyAttestation keys(std::string_view primary, std::string_view secondary) {
  return {secret(primary), secret(secondary)};
}

model::Operation make_operation(const std::string& id, const std::string& registration_id, const Enrollment& entry) {
  model::Operation operation;
  operation.id = id;
  operation.registration_id = registration_id;
  operation.enrollment_kind = entry.kind;
  operation.enrollment_id = entry.id;
  operation.attestation = std::string(model::attestation_type(entry.attestation));
  operation.api_version = "2021-06-01";
  operation.payload = boost::json::value{{"site", "ams"}};
  operation.tracking_id = "t-" + id;
  operation.begun = kNow;
  return operation;
}

model::Registration make_record(const std::string& registration_id, const Enrollment& entry) {
  model::Registration record;
  record.registration_id = registration_id;
  record.status = model::RegistrationStatus::kAssigning;
  record.enrollment_kind = entry.kind;
  record.enrollment_id = entry.id;
  record.attestation = std::string(model::attestation_type(entry.attestation));
  record.etag = "r1";
  record.created = kNow;
  record.updated = kNow;
  return record;
}

model::HubDevice make_device(const std::string& device_id, model::HubCredential credential) {
  model::HubDevice device;
  device.hub = "hub-a.example.net";
  device.device_id = device_id;
  device.credential = std::move(credential);
  device.twin = model::make_twin({{"site", "ams"}}, {{"interval", 30}}, device.created);
  device.generation_id = "g1";
  device.etag = "d1";
  device.created = kNow;
  device.updated = kNow;
  return device;
}

Result<Enrollment> put_enrollment(Store& store, const Enrollment& value) {
  return wait_for(store.change_enrollment(kInstance, value.kind, value.id, put(value)));
}

}  // namespace muster::store
