#include "muster/device_client.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "muster/answer.h"
#include "wire/percent.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

constexpr std::chrono::seconds kDefaultPause{2};  // what most SDKs do without Retry-After (device-api.md 9)
constexpr std::chrono::hours kTokenLife{1};
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

Result<OperationStatus> read_status(const HttpResponse& response) {
  auto body = model::parse_json_object(response.body);
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

DeviceOutcome refusal_of(const HttpResponse& response) {
  const ErrorBody body = error_body_of(response);
  return {.status = "refused",
          .error_code = body.code.empty() ? std::to_string(response.status) : body.code,
          .tracking_id = body.tracking_id,
          .message = body.message};
}

std::string resource_of(const DeviceRegistration& device) {
  return fmt::format("{}/registrations/{}", device.id_scope, device.registration_id);
}

/// One device that registers: what goes into each request.
class Conversation {
 public:
  Conversation(const DeviceRegistration& device, const Clock& clock) : device_(device), clock_(clock) {}

  [[nodiscard]] HttpRequest register_request() const {
    boost::json::object body{{"registrationId", device_.registration_id}};
    if (device_.payload) body["payload"] = *device_.payload;
    HttpRequest request = base("PUT", "register");
    request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    request.body = boost::json::serialize(body);
    return request;
  }

  [[nodiscard]] HttpRequest poll_request(std::string_view operation_id) const {
    return base("GET", "operations/" + wire::percent_encode(operation_id));
  }

 private:
  [[nodiscard]] HttpRequest base(std::string method, std::string_view action) const {
    HttpRequest request{
        .method = std::move(method),
        .url = fmt::format("https://{}/{}/registrations/{}/{}?api-version={}", device_.host,
                           wire::percent_encode(device_.id_scope), wire::percent_encode(device_.registration_id),
                           action, wire::percent_encode(device_.api_version)),
        .headers = {{"Accept", "application/json"}}};
    if (!device_.key.empty()) {
      request.headers.emplace_back("Authorization", wire::make_sas_token(resource_of(device_), device_.key,
                                                                         clock_.now() + kTokenLife, "registration"));
    }
    return request;
  }

  const DeviceRegistration& device_;
  const Clock& clock_;
};

/// A final outcome, or nothing while the device has to ask again; learns the operation id on the way.
Result<std::optional<DeviceOutcome>> judge(const HttpResponse& response, std::string& operation_id) {
  if (response.status >= kFirstTransientStatus) return std::nullopt;
  if (!response.success()) return refusal_of(response);
  auto operation = read_status(response);
  if (!operation) return std::unexpected(operation.error());
  if (!operation->operation_id.empty()) operation_id = operation->operation_id;
  operation->operation_id = operation_id;
  if (operation->status != "assigning") return outcome_of(*operation);
  if (operation_id.empty()) return fail(ErrorCode::kInternal, "The service accepted without an operation id.");
  return std::nullopt;
}

DeviceOutcome timed_out(const HttpResponse& last, std::string operation_id, std::chrono::seconds timeout) {
  DeviceOutcome out = last.success() ? DeviceOutcome{.status = "assigning"} : refusal_of(last);
  out.operation_id = std::move(operation_id);
  if (out.message.empty()) out.message = fmt::format("No final answer within {} s.", timeout.count());
  return out;
}

}  // namespace

Result<DeviceOutcome> register_device(const DeviceRegistration& device, const HttpSend& send, const Clock& clock,
                                      const Sleep& sleep) {
  const Conversation conversation(device, clock);
  const TimePoint start = clock.now();
  const auto elapsed = [&] { return std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - start); };
  std::string operation_id;
  while (true) {
    auto response =
        send(operation_id.empty() ? conversation.register_request() : conversation.poll_request(operation_id));
    if (!response) return std::unexpected(response.error());
    auto judged = judge(*response, operation_id);
    if (!judged) return std::unexpected(judged.error());

    const std::chrono::milliseconds pause = retry_after(*response, kDefaultPause);
    const bool out_of_time = elapsed() + pause > device.timeout;
    if (*judged || out_of_time) {
      DeviceOutcome outcome = *judged ? **std::move(judged) : timed_out(*response, operation_id, device.timeout);
      outcome.duration = elapsed();
      return outcome;
    }
    sleep(pause);
  }
}

}  // namespace muster::cli
