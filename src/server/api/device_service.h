#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "provisioning/attempt_journal.h"
#include "provisioning/cause.h"
#include "provisioning/registrar.h"
#include "server/api/api_error.h"
#include "server/api/instance_directory.h"
#include "server/api/service_limits.h"

namespace muster::server {

/// What a device asks and who it says it is, whatever the transport it came on.
struct DeviceCall {
  std::string id_scope;
  std::string host;  ///< the name it called us by, as far as its transport tells
  /// Without what is found by the ID scope, or in a body. Transports are "http", "mqtt", "mqtt-ws", "amqp" and
  /// "amqp-ws"; the API version is empty when it named none.
  provisioning::DeviceRequest request;
};

/// An answer as it goes over HTTP; other transports carry the same parts in their own places.
struct DeviceAnswer {
  int status = 200;
  std::string body;  ///< JSON
  std::optional<std::chrono::seconds> retry_after = {};
};

using DeviceResult = std::expected<DeviceAnswer, ApiError>;

/// The device API, free of transports (device-api.md 3): register, operation status, registration look-up. Admission
/// and limits are here, so that they are the same for all transports; the decisions are the registrar's. Thread-safe;
/// what it refers to outlives it.
class DeviceService {
 public:
  /// A call that is refused before any device is looked at.
  struct Rejection {
    ApiError error;
    provisioning::Cause cause;
  };

  struct Parts {
    const InstanceDirectory& instances;
    store::Store& store;
    provisioning::Registrar& registrar;
    provisioning::AttemptJournal& attempts;
    const Clock& clock;
  };

  DeviceService(const Parts& parts, const ServiceLimits& limits)
      : instances_(parts.instances),
        store_(parts.store),
        registrar_(parts.registrar),
        attempts_(parts.attempts),
        registrations_(limits.registrations, Waiting::kInTurn, parts.clock),
        device_registrations_(limits.device_registrations, Waiting::kAlone, parts.clock),
        tpm_challenges_(limits.tpm_challenges, Waiting::kAlone, parts.clock),
        device_polls_(limits.device_polls, Waiting::kAlone, parts.clock) {}

  /// Whether an instance has this ID scope.
  [[nodiscard]] bool serves(std::string_view id_scope) const { return instances_.by_scope(id_scope).has_value(); }

  /// `body`: a DeviceRegistration, or nothing (device-api.md 3.4). A device that shows the keys of its TPM gets 401
  /// with a challenge (5.3).
  Task<DeviceResult> register_device(DeviceCall call, std::string body);
  Task<DeviceResult> operation_status(DeviceCall call, std::string operation_id);
  Task<DeviceResult> look_up(DeviceCall call, std::string body);

  /// For transports that carry a TPM's challenge and answer in their own places (5.4): what to activate, for keys as
  /// TPM2B_PUBLIC; and whether the evidence of a call proves it.
  Task<std::expected<Bytes, ApiError>> challenge_tpm(DeviceCall call, Bytes endorsement_key, Bytes storage_root_key);
  Task<bool> proves(DeviceCall call);

 private:
  Task<std::expected<std::shared_ptr<const model::InstanceConfig>, ApiError>> config_for(const DeviceCall& call,
                                                                                         std::string operation);
  Task<std::expected<provisioning::RegisterAnswer, ApiError>> admitted(const DeviceCall& call);
  std::unexpected<ApiError> rejected(const DeviceCall& call, std::string operation, Rejection rejection);
  std::unexpected<ApiError> slowed(const DeviceCall& call, std::string operation, const Throttle& throttle);
  std::unexpected<ApiError> failed(const DeviceCall& call, std::string operation, ApiError error);

  const InstanceDirectory& instances_;
  store::Store& store_;
  provisioning::Registrar& registrar_;
  provisioning::AttemptJournal& attempts_;
  RateLimiter registrations_;         ///< by instance
  RateLimiter device_registrations_;  ///< by device_key()
  RateLimiter tpm_challenges_;        ///< by device, wherever it calls from: each costs two public-key operations
  RateLimiter device_polls_;          ///< by device_key()
};

}  // namespace muster::server
