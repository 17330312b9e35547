#include "server/api/device_gateway.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "crypto/tpm/activation.h"

namespace muster::server {
namespace {

void log_refusal(const DeviceCall& call, std::string_view operation, const ApiError& error) {
  log(refusal_level(error), "request.refused",
      {{"trackingId", call.request.tracking_id},
       {"transport", call.request.transport},
       {"operation", std::string(operation)},
       {"idScope", call.id_scope},
       {"registrationId", call.request.registration_id},
       {"status", std::to_string(error.status)},
       {"code", std::to_string(error.code)},
       {"peer", call.request.peer_address},
       {"message", error.message},
       {"detail", error.detail}});
}

/// A challenge that nobody knows the answer to, for the TPM that asks (device-api.md 5.4): the Node SDK waits for ever
/// when it is refused before one, and it is not told whether the device or its key is unknown. nullopt: the keys are
/// none.
std::optional<TpmChallenge> make_decoy(const DeviceCall& call, ByteView endorsement_key, ByteView storage_root_key,
                                       Random& random) {
  namespace tpm = crypto::tpm;
  const auto endorsement = tpm::ParentKey::parse(endorsement_key, tpm::KeyRole::kEndorsement);
  const auto storage = tpm::ParentKey::parse(storage_root_key, tpm::KeyRole::kStorageRoot);
  if (!endorsement || !storage) return std::nullopt;
  const std::string text = fmt::format("{}/registrations/{}", call.id_scope, call.request.registration_id);
  const SecretBytes key(random.bytes(tpm::kDeliveredKeySize));
  return TpmChallenge{tpm::make_activation(*endorsement, *storage, key, text, random), true};
}

}  // namespace

DeviceGateway::DeviceGateway(Parts parts) : parts_(std::move(parts)) {
  for (std::size_t i = 0; i < infos_.size(); ++i) infos_[i] = describe(static_cast<DeviceOperation>(i));
}

void DeviceGateway::malformed(int code) const {
  for (OperationObserver* observer : parts_.observers) observer->malformed(code);
}

DeviceReply DeviceGateway::turn_away(DeviceCall call, const ApiError& error) const {
  call.request.at = parts_.clock.now();
  call.request.tracking_id = make_time_ordered_guid(parts_.random, call.request.at);
  log_refusal(call, "Unknown", error);
  malformed(error.code);
  return {error.status, error_body(error, call.request.tracking_id, call.request.at), error.retry_after,
          call.request.tracking_id};
}

Task<DeviceReply> DeviceGateway::run(DeviceOperation operation, DeviceCall call, std::string argument) {
  const auto begin = std::chrono::steady_clock::now();
  const OperationInfo& info = infos_[static_cast<std::size_t>(operation)];
  call.request.at = parts_.clock.now();
  call.request.tracking_id = make_time_ordered_guid(parts_.random, call.request.at);
  DeviceResult result = co_await dispatch(operation, call, std::move(argument));
  DeviceReply reply;
  if (result) {
    reply = {result->status, std::move(result->body), result->retry_after, call.request.tracking_id};
  } else {
    const ApiError& error = result.error();
    log_refusal(call, info.name, error);
    reply = {error.status, error_body(error, call.request.tracking_id, call.request.at), error.retry_after,
             call.request.tracking_id};
  }
  const FinishedOperation finished{.operation = info,
                                   .tracking_id = call.request.tracking_id,
                                   .at = call.request.at,
                                   .transport = call.request.transport,
                                   .peer_address = call.request.peer_address,
                                   .api_version = call.request.api_version,
                                   .id_scope = call.id_scope,
                                   .subject = call.request.registration_id,
                                   .status = reply.status,
                                   .refusal = result ? nullptr : &result.error(),
                                   .took = std::chrono::steady_clock::now() - begin};
  for (OperationObserver* observer : parts_.observers) observer->finished(finished);
  co_return reply;
}

Task<std::optional<TpmChallenge>> DeviceGateway::challenge_tpm(DeviceCall call, Bytes endorsement_key,
                                                               Bytes storage_root_key) {
  call.request.at = parts_.clock.now();
  call.request.tracking_id = make_time_ordered_guid(parts_.random, call.request.at);
  auto activation = co_await parts_.devices.challenge_tpm(call, endorsement_key, storage_root_key);
  if (activation) co_return TpmChallenge{std::move(*activation)};
  log_refusal(call, infos_[static_cast<std::size_t>(DeviceOperation::kRegister)].name, activation.error());
  co_return make_decoy(call, endorsement_key, storage_root_key, parts_.random);
}

Task<bool> DeviceGateway::proves(DeviceCall call) {
  call.request.at = parts_.clock.now();
  call.request.tracking_id = make_time_ordered_guid(parts_.random, call.request.at);
  co_return co_await parts_.devices.proves(std::move(call));
}

Task<DeviceResult> DeviceGateway::dispatch(DeviceOperation operation, const DeviceCall& call, std::string argument) {
  switch (operation) {
    case DeviceOperation::kRegister:
      co_return co_await parts_.devices.register_device(call, std::move(argument));
    case DeviceOperation::kStatus:
      co_return co_await parts_.devices.operation_status(call, std::move(argument));
    case DeviceOperation::kLookUp:
      co_return co_await parts_.devices.look_up(call, std::move(argument));
  }
  co_return refuse(404, 404000, "There is no such operation.");
}

}  // namespace muster::server
