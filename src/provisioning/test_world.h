#pragma once

// For tests of this module and those above it: an instance in a real store, a clock that stands still, devices.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/task.h"
#include "base/temporary_folder.h"
#include "crypto/issue.h"
#include "crypto/sealing.h"
#include "crypto/tpm/test_keys.h"
#include "model/enrollment_json.h"
#include "model/etag.h"
#include "model/json.h"
#include "provisioning/hub_link.h"
#include "provisioning/request.h"
#include "store/sqlite/sqlite_store.h"
#include "wire/sas_token.h"

namespace muster::provisioning::testing {

/// A key with its certificate.
struct Identity {
  std::shared_ptr<crypto::PrivateKey> key;
  crypto::Certificate certificate;
};

/// An instance "0neTEST0001" with hubs hub-a.test and hub-b.test in a store of its own.
class World {
 public:
  static constexpr std::string_view kScope = "0neTEST0001";

  World() : World(std::nullopt) {}
  /// With a store that outlives it, in this file.
  explicit World(const std::optional<std::filesystem::path>& database) {
    store::SqliteOptions options;
    options.path = database.value_or(folder_.path() / "muster.db");
    const Bytes key(crypto::Sealer::kKeySize, 7);
    auto sealer = std::make_shared<crypto::Sealer>(SecretBytes(key), random);
    auto opened = store::open_sqlite_store(options, sealer);
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(*opened);
    if (!must(store().list_instances()).empty()) return;
    model::InstanceConfig config;
    config.instance.id_scope = kScope;
    config.instance.id = model::id_key(kScope);
    config.instance.name = "test";
    config.instance.service_host = "muster.test";
    config.instance.etag = model::make_etag(random);
    config.instance.created = clock.now();
    config.policies.push_back(model::make_owner_policy(random));
    for (const char* name : {"hub-a.test", "hub-b.test"}) {
      model::LinkedHub hub;
      hub.host_name = name;
      config.hubs.push_back(std::move(hub));
    }
    must(store().create_instance(std::move(config)));
  }

  [[nodiscard]] store::Store& store() { return *store_; }
  [[nodiscard]] model::InstanceId instance() const { return model::id_key(kScope); }
  [[nodiscard]] std::shared_ptr<const model::InstanceConfig> config() { return must(store().config(instance())); }

  /// The value of a call that has to succeed.
  template <class T>
  T must(Task<Result<T>> task) {
    auto result = wait_for(std::move(task));
    if (!result) throw std::runtime_error(result.error().message + " " + result.error().detail);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

  /// Creates or replaces an entry from the JSON of the service API.
  model::Enrollment enroll(model::EnrollmentKind kind, const std::string& id, const std::string& body) {
    auto object = model::parse_json_object(body);
    if (!object) throw std::runtime_error(object.error().message);
    return must(
        store().change_enrollment(instance(), kind, id, [&, object = *object](const model::Enrollment* current) {
          return model::apply_put(kind, id, object, current, clock.now(), random);
        }));
  }

  void set_hubs(std::vector<model::LinkedHub> hubs) {
    must(
        store().change_instance(instance(), [&](const model::InstanceConfig* current) -> Result<model::InstanceConfig> {
          model::InstanceConfig next = *current;
          next.hubs = hubs;
          return next;
        }));
  }

  void put_ca(const std::string& name, const crypto::Certificate& certificate, const bool verified) {
    must(store().change_certificate(instance(), name, [&](const model::CaCertificate*) -> Result<model::CaCertificate> {
      return model::CaCertificate{name, certificate, verified, model::make_etag(random), clock.now(), clock.now()};
    }));
  }

  /// A certificate that is valid from a day ago for a year, unless told otherwise.
  Identity issue(const std::string& common_name, crypto::CertificateUse use, const Identity* issuer = nullptr) {
    return issue(common_name, use, issuer, clock.now() - std::chrono::days(1), clock.now() + std::chrono::days(365));
  }
  Identity issue(const std::string& common_name, crypto::CertificateUse use, const Identity* issuer, TimePoint from,
                 TimePoint to) {
    auto key = std::make_shared<crypto::PrivateKey>(crypto::PrivateKey::generate_p256().value());
    const crypto::CertificateRequest request{.common_name = common_name,
                                             .use = use,
                                             .dns_names = {},
                                             .ip_addresses = {},
                                             .not_before = from,
                                             .not_after = to};
    const crypto::Issuer signer =
        issuer != nullptr ? crypto::Issuer{*issuer->key, &issuer->certificate} : crypto::Issuer{*key, nullptr};
    auto certificate = crypto::issue_certificate(request, *key, signer, random);
    if (!certificate) throw std::runtime_error(certificate.error().message);
    return {std::move(key), std::move(*certificate)};
  }

  /// A request of a device over HTTPS with nothing to prove itself.
  DeviceRequest request(const std::string& registration_id) {
    DeviceRequest out;
    out.config = config();
    out.registration_id = registration_id;
    out.api_version = "2021-06-01";
    out.transport = "http";
    out.peer_address = "192.0.2.1";
    out.tracking_id = make_time_ordered_guid(random, clock.now());
    out.at = clock.now();
    return out;
  }
  /// One signed with `key` for an hour.
  DeviceRequest signed_request(const std::string& registration_id, const SecretBytes& key) {
    DeviceRequest out = request(registration_id);
    const std::string resource = std::string(kScope) + "/registrations/" + registration_id;
    out.evidence =
        SasEvidence{wire::make_sas_token(resource, key, clock.now() + std::chrono::hours(1), "registration")};
    return out;
  }
  /// One that presented a certificate.
  DeviceRequest certificate_request(const std::string& registration_id, const crypto::Certificate& leaf,
                                    std::vector<crypto::Certificate> chain = {}) {
    DeviceRequest out = request(registration_id);
    out.evidence = CertificateEvidence{leaf, std::move(chain)};
    return out;
  }

  ManualClock clock{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1))};
  SequenceRandom random;

 private:
  TemporaryFolder folder_;
  std::unique_ptr<store::Store> store_;
};

inline SecretBytes key_of(std::string_view base64) {
  return SecretBytes(from_base64(base64).value());
}

/// Base64 of the octets 00..1f and 20..3f.
inline constexpr std::string_view kKeyA = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
inline constexpr std::string_view kKeyB = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// Attestation member for an entry with kKeyA and kKeyB.
inline std::string symmetric_body(const std::string& more = "") {
  return R"({"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + std::string(kKeyA) +
         R"(","secondaryKey":")" + std::string(kKeyB) + R"("}})" + more + "}";
}

/// Attestation member with certificates: `member` is clientCertificates or signingCertificates.
inline std::string x509_body(const std::string& member, const crypto::Certificate& primary,
                             const std::string& more = "") {
  return R"({"attestation":{"type":"x509","x509":{")" + member + R"(":{"primary":{"certificate":")" +
         to_base64(primary.der()) + R"("}}}})" + more + "}";
}

/// Attestation member for the TPM with this endorsement key.
inline std::string tpm_body(std::string_view endorsement_key = crypto::tpm::testing::kEndorsementKey,
                            const std::string& more = "") {
  return R"({"attestation":{"type":"tpm","tpm":{"endorsementKey":")" + std::string(endorsement_key) + "\"}}" + more +
         "}";
}

}  // namespace muster::provisioning::testing
