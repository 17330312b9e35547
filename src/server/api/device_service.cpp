#include "server/api/device_service.h"

#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/json.h"
#include "provisioning/diagnosis.h"
#include "wire/request_target.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using Rejection = DeviceService::Rejection;
using model::Registration;
using model::RegistrationStatus;
using provisioning::Cause;
using provisioning::DeviceRequest;

// device-api.md 3.6
constexpr int kNotFound = 404201;
constexpr int kRegistrationNotFound = 404202;
constexpr int kUnauthorized = 401002;
constexpr int kBadRequest = 400000;

// How attempts name the three operations.
constexpr const char* kRegister = "register";
constexpr const char* kStatus = "status";
constexpr const char* kLookUp = "look-up";

/// One text for every refusal of credentials, so that enrollments cannot be probed (device-api.md 4.1 step 5).
std::unexpected<ApiError> unauthorized() {
  return refuse(401, kUnauthorized, "Unauthorized");
}

/// The members of a DeviceRegistration that count here; the body may be empty or one blank (device-api.md 3.4).
struct RegistrationBody {
  std::optional<json::value> payload;
  bool has_csr = false;
};

std::unexpected<Rejection> reject(Cause cause, ApiError error) {
  return std::unexpected(Rejection{std::move(error), cause});
}

std::unexpected<Rejection> malformed_body(const Error& error) {
  return reject(Cause::kMalformedBody, to_api_error(error));
}

std::expected<RegistrationBody, Rejection> read_body(const std::string& text, std::string_view registration_id) {
  RegistrationBody body;
  if (trim(text).empty()) return body;
  auto object = model::parse_json_object(text);
  if (!object) return malformed_body(object.error());
  const auto id = model::optional_string(*object, "registrationId");
  if (!id) return malformed_body(id.error());
  if (*id && !equals_nocase(**id, registration_id)) {
    return reject(Cause::kOtherRegistrationIdInBody,
                  {400, kBadRequest, "registrationId of the body differs from the one of the path."});
  }
  const auto tpm = model::optional_object(*object, "tpm");
  if (!tpm) return malformed_body(tpm.error());
  if (*tpm != nullptr) {
    return reject(Cause::kTpmNotAvailable, {400, kBadRequest, "TPM attestation is not available in this version."});
  }
  if (const auto* payload = object->if_contains("payload"); payload != nullptr && !payload->is_null()) {
    body.payload = *payload;
  }
  body.has_csr = object->contains("csr");
  return body;
}

/// registrationState as the device sees it: the record plus what tells the attestation (device-api.md 3.5).
json::object registration_state(const Registration& record) {
  json::object state;
  if (record.status == RegistrationStatus::kAssigned) {
    json::object attestation;
    if (record.enrollment_kind == model::EnrollmentKind::kGroup) {
      attestation["enrollmentGroupId"] = record.enrollment_id;
    }
    if (record.attestation == "x509" || record.attestation == "symmetricKey") {
      state[record.attestation] = std::move(attestation);
    }
  }
  for (auto& [key, value] : to_json(record)) state[key] = value;
  return state;
}

std::string status_body(const std::string& operation_id, RegistrationStatus status, const json::object* state) {
  json::object body{{"operationId", operation_id}, {"status", std::string(to_string(status))}};
  if (state != nullptr) body["registrationState"] = *state;
  return json::serialize(body);
}

/// What the three operations have in common.
std::expected<void, Rejection> check_call(const DeviceCall& call) {
  if (!wire::is_plausible_api_version(call.api_version)) {
    return reject(Cause::kBadApiVersion, {400, kBadRequest, "The api-version is missing or not a version."});
  }
  if (auto valid = model::check_enrollment_id(call.registration_id, "registrationId"); !valid) {
    return reject(Cause::kBadRegistrationId, to_api_error(valid.error()));
  }
  return {};
}

DeviceRequest request_of(const DeviceCall& call) {
  DeviceRequest request;
  request.registration_id = call.registration_id;
  request.evidence = call.evidence;
  request.api_version = call.api_version;
  request.transport = call.transport;
  request.peer_address = call.peer_address;
  request.tracking_id = call.tracking_id;
  request.at = call.at;
  return request;
}

/// Who is slowed when it comes too often. Its id alone would let anybody on the network lock a device out.
std::string device_key(const DeviceRequest& request) {
  return fmt::format("{}/{}/{}", request.config->instance.id, model::id_key(request.registration_id),
                     request.peer_address);
}

/// Our own failures; everything else is the device's.
bool is_ours(const ApiError& error) {
  return error.status >= 500 || error.status == 429;
}

}  // namespace

/// Keeps what never came to a decision, for the operator of the instance that the host names.
std::unexpected<ApiError> DeviceService::rejected(const DeviceCall& call, std::string operation, Rejection rejection) {
  model::Attempt attempt = attempt_of(request_of(call), std::move(operation));
  std::string facts = rejection.error.message;
  if (!rejection.error.detail.empty()) facts += " " + rejection.error.detail;
  if (rejection.cause == Cause::kUnknownIdScope) facts = "ID scope " + call.id_scope;
  attempt.checks.push_back({"call", false, facts});
  attempt.findings.push_back(provisioning::finding(rejection.cause, std::move(facts)));
  const auto instance = instances_.by_scope(call.id_scope);
  attempts_.add(instance ? *instance : instances_.by_host(call.host), std::move(attempt));
  return std::unexpected(std::move(rejection.error));
}

/// The first refusal of a row is kept; to write them all would cost what throttling saves.
std::unexpected<ApiError> DeviceService::slowed(const DeviceCall& call, std::string operation,
                                                const Throttle& throttle) {
  ApiError error = throttled(throttle);
  if (throttle.repeated) return std::unexpected(std::move(error));
  return rejected(call, std::move(operation), {std::move(error), Cause::kThrottled});
}

/// A failure of the registrar, which kept what it refused itself.
std::unexpected<ApiError> DeviceService::failed(const DeviceCall& call, std::string operation, ApiError error) {
  if (!is_ours(error)) return std::unexpected(std::move(error));
  return rejected(call, std::move(operation), {std::move(error), Cause::kStoreFailed});
}

Task<std::expected<DeviceRequest, ApiError>> DeviceService::read_request(const DeviceCall& call,
                                                                         std::string operation) {
  if (auto checked = check_call(call); !checked) {
    co_return rejected(call, std::move(operation), std::move(checked.error()));
  }
  const auto instance = instances_.by_scope(call.id_scope);
  if (!instance) {
    co_return rejected(call, std::move(operation), {{404, kNotFound, "ID scope not found."}, Cause::kUnknownIdScope});
  }
  auto config = co_await store_.config(*instance);
  if (!config) co_return failed(call, std::move(operation), to_api_error(config.error()));
  DeviceRequest request = request_of(call);
  request.config = std::move(*config);
  co_return request;
}

Task<DeviceResult> DeviceService::register_device(DeviceCall call, std::string text) {
  auto request = co_await read_request(call, kRegister);
  if (!request) co_return std::unexpected(request.error());
  if (const auto throttle = device_registrations_.admit(device_key(*request))) {
    co_return slowed(call, kRegister, *throttle);
  }
  auto body = read_body(text, request->registration_id);
  if (!body) co_return rejected(call, kRegister, std::move(body.error()));
  request->payload = std::move(body->payload);

  const model::InstanceId instance = request->config->instance.id;
  if (const auto throttle = registrations_.admit(instance)) co_return slowed(call, kRegister, *throttle);
  auto answer = co_await registrar_.register_device(std::move(*request));
  // What is refused does not count, or strangers could use up what the fleet needs.
  if (!answer || !answer->operation) registrations_.give_back(instance);
  if (!answer) co_return failed(call, kRegister, to_api_error(answer.error()));
  if (!answer->operation) co_return unauthorized();
  co_return DeviceAnswer{202, status_body(answer->operation->id, RegistrationStatus::kAssigning, nullptr),
                         answer->retry_after};
}

Task<DeviceResult> DeviceService::operation_status(DeviceCall call, std::string operation_id) {
  auto request = co_await read_request(call, kStatus);
  if (!request) co_return std::unexpected(request.error());
  if (const auto throttle = device_polls_.admit(device_key(*request))) co_return slowed(call, kStatus, *throttle);
  auto answer = co_await registrar_.operation_status(std::move(*request), std::move(operation_id));
  if (!answer) {
    if (answer.error().code == ErrorCode::kNotFound) {
      co_return refuse(404, kRegistrationNotFound, answer.error().message);
    }
    co_return failed(call, kStatus, to_api_error(answer.error()));
  }
  if (!answer->state) co_return unauthorized();

  const auto& [operation, record] = *answer->state;
  if (!record || record->status == RegistrationStatus::kAssigning) {
    const json::object state{{"registrationId", call.registration_id}, {"status", "assigning"}};
    co_return DeviceAnswer{202, status_body(operation.id, RegistrationStatus::kAssigning, &state), answer->retry_after};
  }
  const json::object state = registration_state(*record);
  co_return DeviceAnswer{200, status_body(operation.id, record->status, &state)};
}

Task<DeviceResult> DeviceService::look_up(DeviceCall call, std::string text) {
  auto request = co_await read_request(call, kLookUp);
  if (!request) co_return std::unexpected(request.error());
  if (const auto throttle = device_polls_.admit(device_key(*request))) co_return slowed(call, kLookUp, *throttle);
  auto body = read_body(text, request->registration_id);
  if (!body) co_return rejected(call, kLookUp, std::move(body.error()));
  if (body->has_csr) {  // device-api.md 3.1
    co_return rejected(call, kLookUp, {{400, kBadRequest, "A look-up takes no csr."}, Cause::kMalformedBody});
  }
  auto answer = co_await registrar_.look_up(std::move(*request));
  if (!answer) co_return failed(call, kLookUp, to_api_error(answer.error()));
  if (answer->decision.outcome == provisioning::Outcome::kRefused) co_return unauthorized();
  if (!answer->record) co_return refuse(404, kRegistrationNotFound, "Registration not found.");
  co_return DeviceAnswer{200, json::serialize(registration_state(*answer->record))};
}

}  // namespace muster::server
