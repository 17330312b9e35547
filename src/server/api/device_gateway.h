#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/random.h"
#include "server/api/device_service.h"
#include "server/api/operation_info.h"

namespace muster::server {

/// An answer or a refusal, in the parts that every transport carries.
struct DeviceReply {
  int status = 200;
  std::string body;  ///< JSON, of errors too (device-api.md 3.6)
  std::optional<std::chrono::seconds> retry_after = {};
  std::string tracking_id;
};

/// What a TPM has to activate.
struct TpmChallenge {
  Bytes activation;
  bool refused = false;  ///< nobody knows the answer: the device is refused when it has given one
};

/// Runs operations of the device API for transports other than HTTP, and does for them what ApiHandler does for HTTP:
/// tracking id, log of refusals, observers, errors as bodies. Thread-safe; what it refers to outlives it.
class DeviceGateway {
 public:
  struct Parts {
    DeviceService& devices;
    const Clock& clock;
    Random& random;
    std::vector<OperationObserver*> observers = {};
  };

  explicit DeviceGateway(Parts parts);

  /// `call` without tracking id and time, which are given here. `argument`: the body of a register call or a look-up,
  /// the operation id of a status call.
  Task<DeviceReply> run(DeviceOperation operation, DeviceCall call, std::string argument);
  /// Whether an instance has this ID scope.
  [[nodiscard]] bool serves(std::string_view id_scope) const { return parts_.devices.serves(id_scope); }
  /// For keys as TPM2B_PUBLIC. A refusal has left its traces, and nevertheless gives a challenge; nullopt: there can be
  /// none for such keys. `call` as for run().
  Task<std::optional<TpmChallenge>> challenge_tpm(DeviceCall call, Bytes endorsement_key, Bytes storage_root_key);
  /// Whether the call's evidence is good, at the end of a handshake.
  Task<bool> proves(DeviceCall call);
  /// The answer to what is no proper request and never becomes an operation; `call` as far as it is known.
  [[nodiscard]] DeviceReply turn_away(DeviceCall call, const ApiError& error) const;
  /// What came was no proper request; `code` as in an error body.
  void malformed(int code) const;

 private:
  Task<DeviceResult> dispatch(DeviceOperation operation, const DeviceCall& call, std::string argument);

  Parts parts_;
  std::array<OperationInfo, kDeviceOperations> infos_;
};

}  // namespace muster::server
