#include "muster/device_client.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "muster/answer.h"
#include "muster/device_transport.h"

namespace muster::cli {
namespace {

constexpr std::chrono::seconds kDefaultPause{2};  // what most SDKs do without Retry-After (device-api.md 9)
constexpr int kFirstTransientStatus = 429;

/// What an answer of the device API says; absent members are empty.
struct OperationStatus {
  std::string operation_id;
  std::string status;
  boost::json::object state;
};

std::string text_of(const boost::json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  if (value == nullptr) return "";
  if (const auto* text = value->if_string()) return std::string(*text);
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  return "";
}

Result<OperationStatus> read_status(const DeviceAnswer& answer) {
  auto body = model::parse_json_object(answer.body);
  if (!body) return fail(ErrorCode::kInternal, "The service sent an answer that is not a JSON object.");
  OperationStatus out{.operation_id = text_of(*body, "operationId"), .status = text_of(*body, "status"), .state = {}};
  if (const auto* state = body->if_contains("registrationState"); state != nullptr && state->is_object()) {
    out.state = state->get_object();
  }
  return out;
}

DeviceOutcome outcome_of(const OperationStatus& operation) {
  return {.status = operation.status,
          .assigned_hub = text_of(operation.state, "assignedHub"),
          .device_id = text_of(operation.state, "deviceId"),
          .substatus = text_of(operation.state, "substatus"),
          .operation_id = operation.operation_id,
          .error_code = text_of(operation.state, "errorCode"),
          .message = text_of(operation.state, "errorMessage")};
}

DeviceOutcome refusal_of(const DeviceAnswer& answer) {
  const ErrorBody body = error_body_of({.status = answer.status, .body = answer.body});
  return {.status = "refused",
          .error_code = body.code.empty() ? std::to_string(answer.status) : body.code,
          .tracking_id = body.tracking_id,
          .message = body.message};
}

std::string registration_body(const DeviceRegistration& device) {
  boost::json::object body{{"registrationId", device.registration_id}};
  if (device.tpm) {
    body["tpm"] = {{"endorsementKey", device.tpm->endorsement_key}, {"storageRootKey", device.tpm->storage_root_key}};
  }
  if (device.payload) body["payload"] = *device.payload;
  return boost::json::serialize(body);
}

/// As the service says, within what devices obey (device-api.md 9).
std::chrono::seconds pause_after(const DeviceAnswer& answer) {
  constexpr std::chrono::seconds kLeast{1};
  constexpr std::chrono::seconds kMost{300};
  const auto pause = answer.retry_after.value_or(kDefaultPause);
  return pause < kLeast || pause > kMost ? kDefaultPause : pause;
}

/// A final outcome, or nothing while the device has to ask again; learns the operation id on the way.
Result<std::optional<DeviceOutcome>> judge(const DeviceAnswer& answer, std::string& operation_id) {
  if (answer.status >= kFirstTransientStatus) return std::nullopt;
  if (!answer.success()) return refusal_of(answer);
  auto operation = read_status(answer);
  if (!operation) return std::unexpected(operation.error());
  if (!operation->operation_id.empty()) operation_id = operation->operation_id;
  operation->operation_id = operation_id;
  if (operation->status != "assigning") return outcome_of(*operation);
  if (operation_id.empty()) return fail(ErrorCode::kInternal, "The service accepted without an operation id.");
  return std::nullopt;
}

DeviceOutcome timed_out(const DeviceAnswer& last, std::string operation_id, std::chrono::seconds timeout) {
  DeviceOutcome out = last.success() ? DeviceOutcome{.status = "assigning"} : refusal_of(last);
  out.operation_id = std::move(operation_id);
  if (out.message.empty()) out.message = fmt::format("No final answer within {} s.", timeout.count());
  return out;
}

}  // namespace

Result<DeviceOutcome> register_device(const DeviceRegistration& device, DeviceTransport& transport, const Clock& clock,
                                      const Sleep& sleep) {
  const std::string body = registration_body(device);
  const TimePoint start = clock.now();
  const auto elapsed = [&] { return std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - start); };
  std::string operation_id;
  while (true) {
    const auto answer =
        operation_id.empty() ? transport.request_registration(body) : transport.ask_status(operation_id);
    if (!answer) return std::unexpected(answer.error());
    auto judged = judge(*answer, operation_id);
    if (!judged) return std::unexpected(judged.error());

    const std::chrono::milliseconds pause = pause_after(*answer);
    const bool out_of_time = elapsed() + pause > device.timeout;
    if (*judged || out_of_time) {
      DeviceOutcome outcome = *judged ? **std::move(judged) : timed_out(*answer, operation_id, device.timeout);
      outcome.duration = elapsed();
      return outcome;
    }
    sleep(pause);
  }
}

}  // namespace muster::cli
