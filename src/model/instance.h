#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/certificate.h"
#include "model/enrollment.h"
#include "model/hub_policy.h"
#include "model/ids.h"

namespace muster::model {

/// A tenant: its own ID scope, policies, CA certificates, linked hubs, enrollments and records (design section 1).
struct Instance {
  InstanceId id;                                                   ///< id_key(id_scope)
  std::string name;                                                ///< as in the management API, "plant-dps"
  std::string id_scope;                                            ///< R-004
  std::string service_host;                                        ///< host name of its service API
  AllocationPolicy allocation_policy = AllocationPolicy::kHashed;  ///< R-084
  std::string etag;
  TimePoint created;

  bool operator==(const Instance&) const = default;
};

/// Rights of a shared access policy (service-api.md 1.3), combined as bits.
enum class Right : std::uint32_t {
  kServiceConfig = 1,
  kEnrollmentRead = 2,
  kEnrollmentWrite = 4,
  kDeviceConnect = 8,
  kRegistrationStatusRead = 16,
  kRegistrationStatusWrite = 32,
};

/// A set of rights. Writing implies reading, and ServiceConfig implies everything on the service API
/// (service-api.md 1.3).
class Rights {
 public:
  Rights() = default;
  static Rights of(std::initializer_list<Right> rights);
  /// "ServiceConfig, DeviceConnect, EnrollmentWrite": separated by comma and optional blanks, any letter case; unknown
  /// words are refused. A blank text is the empty set.
  static Result<Rights> parse(std::string_view text);

  [[nodiscard]] std::string to_string() const;
  /// With the implications.
  [[nodiscard]] bool allows(Right right) const;
  [[nodiscard]] std::uint32_t bits() const { return bits_; }
  bool operator==(const Rights&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

/// A shared access policy of the service API; both keys are valid at any time.
struct SharedAccessPolicy {
  std::string name;
  Rights rights;
  SecretBytes primary_key;
  SecretBytes secondary_key;

  bool operator==(const SharedAccessPolicy&) const = default;
};

/// The policy every new instance has (service-api.md 1.3), with fresh 64-octet keys.
SharedAccessPolicy make_owner_policy(Random& random);

enum class HubKind {
  kLocal,  ///< served by this installation: its device registry is in our store
  kAzure,  ///< an Azure IoT Hub, reached with its connection string
};

/// A hub that devices can be assigned to (R-080..R-085).
struct LinkedHub {
  std::string host_name;  ///< what devices get as assignedHub; compared without case
  HubKind kind = HubKind::kLocal;
  std::string location;
  bool apply_allocation_policy = true;  ///< false: reached only when an entry names it (R-083)
  int allocation_weight = 1;            ///< 1..1000 (R-085)
  std::string key_name;                 ///< kAzure
  SecretBytes key;                      ///< kAzure

  bool operator==(const LinkedHub&) const = default;
};

/// A CA certificate in the instance's list (service-api.md 8.5); only verified ones anchor attestation.
struct CaCertificate {
  std::string name;
  crypto::Certificate certificate;
  bool verified = false;
  std::string etag;
  TimePoint created;
  TimePoint updated;

  bool operator==(const CaCertificate&) const = default;
};

/// Of the hubs that are served here, by host name in lower case. They stay when a hub is unlinked, as its devices do.
using HubPolicies = std::map<std::string, std::vector<HubPolicy>, std::less<>>;

/// Everything of an instance that is read on each request and seldom changed, as one consistent, immutable snapshot.
struct InstanceConfig {
  Instance instance;
  std::vector<SharedAccessPolicy> policies;
  std::vector<LinkedHub> hubs;
  std::vector<CaCertificate> certificates;
  HubPolicies hub_policies = {};

  [[nodiscard]] const SharedAccessPolicy* find_policy(std::string_view name) const;  ///< exact
  [[nodiscard]] const LinkedHub* find_hub(std::string_view host_name) const;         ///< without case
  [[nodiscard]] const CaCertificate* find_certificate(std::string_view name) const;  ///< without case
  /// Gives every hub that is served here the policies of a new hub, if it has none; whether one lacked them.
  bool complete_hub_policies(Random& random);
};

}  // namespace muster::model
