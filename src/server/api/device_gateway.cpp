#include "server/api/device_gateway.h"

#include <utility>

#include "base/log.h"

namespace muster::server {
namespace {

void log_refusal(const DeviceCall& call, std::string_view operation, const ApiError& error) {
  log(refusal_level(error), "request.refused",
      {{"trackingId", call.tracking_id},
       {"transport", call.transport},
       {"operation", std::string(operation)},
       {"idScope", call.id_scope},
       {"registrationId", call.registration_id},
       {"status", std::to_string(error.status)},
       {"code", std::to_string(error.code)},
       {"peer", call.peer_address},
       {"message", error.message},
       {"detail", error.detail}});
}

}  // namespace

DeviceGateway::DeviceGateway(Parts parts) : parts_(std::move(parts)) {
  for (std::size_t i = 0; i < infos_.size(); ++i) infos_[i] = describe(static_cast<DeviceOperation>(i));
}

void DeviceGateway::malformed(int code) const {
  for (OperationObserver* observer : parts_.observers) observer->malformed(code);
}

DeviceReply DeviceGateway::turn_away(DeviceCall call, const ApiError& error) const {
  call.at = parts_.clock.now();
  call.tracking_id = make_time_ordered_guid(parts_.random, call.at);
  log_refusal(call, "Unknown", error);
  malformed(error.code);
  return {error.status, error_body(error, call.tracking_id, call.at), error.retry_after, call.tracking_id};
}

Task<DeviceReply> DeviceGateway::run(DeviceOperation operation, DeviceCall call, std::string argument) {
  const auto begin = std::chrono::steady_clock::now();
  const OperationInfo& info = infos_[static_cast<std::size_t>(operation)];
  call.at = parts_.clock.now();
  call.tracking_id = make_time_ordered_guid(parts_.random, call.at);
  const DeviceResult result = co_await dispatch(operation, call, std::move(argument));
  DeviceReply reply;
  if (result) {
    reply = {result->status, result->body, result->retry_after, call.tracking_id};
  } else {
    const ApiError& error = result.error();
    log_refusal(call, info.name, error);
    reply = {error.status, error_body(error, call.tracking_id, call.at), error.retry_after, call.tracking_id};
  }
  const FinishedOperation finished{.operation = info,
                                   .tracking_id = call.tracking_id,
                                   .at = call.at,
                                   .transport = call.transport,
                                   .peer_address = call.peer_address,
                                   .api_version = call.api_version,
                                   .id_scope = call.id_scope,
                                   .subject = call.registration_id,
                                   .status = reply.status,
                                   .refusal = result ? nullptr : &result.error(),
                                   .took = std::chrono::steady_clock::now() - begin};
  for (OperationObserver* observer : parts_.observers) observer->finished(finished);
  co_return reply;
}

Task<std::optional<Bytes>> DeviceGateway::challenge_tpm(DeviceCall call, Bytes endorsement_key,
                                                        Bytes storage_root_key) {
  call.at = parts_.clock.now();
  call.tracking_id = make_time_ordered_guid(parts_.random, call.at);
  auto activation =
      co_await parts_.devices.challenge_tpm(call, std::move(endorsement_key), std::move(storage_root_key));
  if (activation) co_return std::move(*activation);
  log_refusal(call, infos_[static_cast<std::size_t>(DeviceOperation::kRegister)].name, activation.error());
  co_return std::nullopt;
}

Task<bool> DeviceGateway::proves(DeviceCall call) {
  call.at = parts_.clock.now();
  call.tracking_id = make_time_ordered_guid(parts_.random, call.at);
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
