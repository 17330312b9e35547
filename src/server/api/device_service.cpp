#include "server/api/device_service.h"

#include <array>
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
using crypto::tpm::ParentKey;
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

// The transport whose answers can carry a challenge.
constexpr std::string_view kHttp = "http";

/// One text for every refusal of credentials, so that enrollments cannot be probed (device-api.md 4.1 step 5).
std::unexpected<ApiError> unauthorized() {
  return refuse(401, kUnauthorized, "Unauthorized");
}

/// The members of a DeviceRegistration that count here; the body may be empty or one blank (device-api.md 3.4).
struct RegistrationBody {
  std::optional<json::value> payload;
  std::optional<provisioning::TpmKeys> tpm;
  bool has_csr = false;
};

std::unexpected<Rejection> reject(Cause cause, ApiError error) {
  return std::unexpected(Rejection{std::move(error), cause});
}

std::unexpected<Rejection> malformed_body(const Error& error) {
  return reject(Cause::kMalformedBody, to_api_error(error));
}

std::unexpected<Rejection> malformed_tpm(std::string_view member, const Error& error) {
  return reject(Cause::kMalformedTpmKeys, {400, kBadRequest, fmt::format("tpm.{}: {}", member, error.message)});
}

/// The keys of a TPM as octets. The endorsement key is only compared with the enrolled one, so it is read for its form;
/// the storage root key is computed with.
std::expected<provisioning::TpmKeys, Rejection> read_tpm_keys(ByteView endorsement_key, ByteView storage_root_key) {
  const auto endorsement = crypto::tpm::parse_public_with_or_without_size(endorsement_key);
  if (!endorsement) return malformed_tpm("endorsementKey", endorsement.error());
  provisioning::TpmKeys keys{endorsement->octets, std::nullopt};
  if (storage_root_key.empty()) return keys;
  auto storage = ParentKey::parse(storage_root_key, crypto::tpm::KeyRole::kStorageRoot);
  if (!storage) return malformed_tpm("storageRootKey", storage.error());
  keys.storage_root_key = *std::move(storage);
  return keys;
}

std::expected<provisioning::TpmKeys, Rejection> read_tpm(const json::object& tpm) {
  std::array<Bytes, 2> octets;
  constexpr std::array<std::string_view, 2> kMembers{"endorsementKey", "storageRootKey"};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const auto text = model::optional_string(tpm, kMembers[i]);
    if (!text) return malformed_tpm(kMembers[i], text.error());
    auto decoded = from_base64(text->value_or(""));
    if (!decoded) return malformed_tpm(kMembers[i], {ErrorCode::kInvalidArgument, "It is not base64."});
    octets[i] = *std::move(decoded);
  }
  return read_tpm_keys(octets[0], octets[1]);
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
    auto keys = read_tpm(**tpm);
    if (!keys) return std::unexpected(std::move(keys.error()));
    body.tpm = *std::move(keys);
  }
  if (const auto* payload = object->if_contains("payload"); payload != nullptr && !payload->is_null()) {
    body.payload = *payload;
  }
  body.has_csr = object->contains("csr");
  return body;
}

/// registrationState as the device sees it: the record plus what tells the attestation (device-api.md 3.5).
json::object registration_state(const Registration& record, const Bytes& hub_key, const json::storage_ptr& storage) {
  json::object state(storage);
  if (record.status == RegistrationStatus::kAssigned) {
    json::object attestation(storage);
    if (record.enrollment_kind == model::EnrollmentKind::kGroup) {
      attestation["enrollmentGroupId"] = record.enrollment_id;
    }
    if (record.attestation == "x509" || record.attestation == "symmetricKey") {
      state[record.attestation] = std::move(attestation);
    }
    if (!hub_key.empty()) state["tpm"] = {{"authenticationKey", to_base64(hub_key)}};
  }
  add_members(state, record);
  return state;
}

json::object status_body(const std::string& operation_id, RegistrationStatus status, const json::storage_ptr& storage) {
  return json::object({{"operationId", operation_id}, {"status", to_string(status)}}, storage);
}

/// While a hub is looked for; before the device has asked for the first time there is no state yet.
std::string assigning_body(const std::string& operation_id, const std::string* registration_id) {
  return model::text_of([&](const json::storage_ptr& storage) {
    json::object body = status_body(operation_id, RegistrationStatus::kAssigning, storage);
    if (registration_id != nullptr) {
      body["registrationState"] = {{"registrationId", *registration_id}, {"status", "assigning"}};
    }
    return body;
  });
}

std::string ended_body(const std::string& operation_id, const Registration& record, const Bytes& hub_key) {
  return model::text_of([&](const json::storage_ptr& storage) {
    json::object body = status_body(operation_id, record.status, storage);
    body["registrationState"] = registration_state(record, hub_key, storage);
    return body;
  });
}

/// The 401 that is no refusal (device-api.md 5.3). C tells it from one by the absence of `status`.
DeviceAnswer challenge_answer(const Bytes& activation) {
  const json::object body{
      {"message", "Authorization required"}, {"authenticationKey", to_base64(activation)}, {"keyName", "registration"}};
  return {401, json::serialize(body)};
}

/// What the three operations have in common.
std::expected<void, Rejection> check_call(const DeviceCall& call) {
  if (!wire::is_plausible_api_version(call.request.api_version)) {
    return reject(Cause::kBadApiVersion, {400, kBadRequest, "The api-version is missing or not a version."});
  }
  if (auto valid = model::check_enrollment_id(call.request.registration_id, "registrationId"); !valid) {
    return reject(Cause::kBadRegistrationId, to_api_error(valid.error()));
  }
  return {};
}

/// Who is slowed when it comes too often. Its id alone would let anybody on the network lock a device out.
std::string device_key(const DeviceRequest& request) {
  return fmt::format("{}/{}/{}", request.config->instance.id, model::id_key(request.registration_id),
                     request.peer_address);
}

std::string challenge_key(const DeviceRequest& request) {
  return fmt::format("{}/{}", request.config->instance.id, model::id_key(request.registration_id));
}

/// Whether the call ends with a challenge or a refusal.
bool asks_for_challenge(const DeviceRequest& request) {
  return request.tpm && !std::holds_alternative<provisioning::SasEvidence>(request.evidence);
}

/// Our own failures; everything else is the device's.
bool is_ours(const ApiError& error) {
  return error.status >= 500 || error.status == 429;
}

}  // namespace

/// Keeps what never came to a decision, for the operator of the instance that the host names.
std::unexpected<ApiError> DeviceService::rejected(const DeviceCall& call, std::string operation, Rejection rejection) {
  model::Attempt attempt = attempt_of(call.request, std::move(operation));
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

/// What the call is judged by, when it is one that can be judged.
Task<std::expected<std::shared_ptr<const model::InstanceConfig>, ApiError>> DeviceService::config_for(
    const DeviceCall& call, std::string operation) {
  if (auto checked = check_call(call); !checked) {
    co_return rejected(call, std::move(operation), std::move(checked.error()));
  }
  const auto instance = instances_.by_scope(call.id_scope);
  if (!instance) {
    co_return rejected(call, std::move(operation), {{404, kNotFound, "ID scope not found."}, Cause::kUnknownIdScope});
  }
  auto config = co_await store_.config(*instance);
  if (!config) co_return failed(call, std::move(operation), to_api_error(config.error()));
  co_return *std::move(config);
}

Task<DeviceResult> DeviceService::register_device(DeviceCall call, std::string text) {
  auto config = co_await config_for(call, kRegister);
  if (!config) co_return std::unexpected(std::move(config.error()));
  DeviceRequest& request = call.request;
  request.config = *std::move(config);
  if (const auto throttle = device_registrations_.admit(device_key(request))) {
    co_return slowed(call, kRegister, *throttle);
  }
  auto body = read_body(text, request.registration_id);
  if (!body) co_return rejected(call, kRegister, std::move(body.error()));
  request.payload = std::move(body->payload);
  request.tpm = std::move(body->tpm);
  if (asks_for_challenge(request) && request.transport != kHttp) {
    co_return rejected(call, kRegister, {unauthorized().error(), Cause::kTpmOnOtherTransport});
  }
  auto answer = co_await admitted(call);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  if (!answer->activation.empty()) co_return challenge_answer(answer->activation);
  if (!answer->operation) co_return unauthorized();
  co_return DeviceAnswer{202, assigning_body(answer->operation->id, nullptr), answer->retry_after};
}

/// Lets a register call through to the registrar, unless too many come. What is refused does not count, or strangers
/// could use up what the fleet needs.
Task<std::expected<provisioning::RegisterAnswer, ApiError>> DeviceService::admitted(const DeviceCall& call) {
  const DeviceRequest& request = call.request;
  const bool challenged = asks_for_challenge(request);
  RateLimiter& limiter = challenged ? tpm_challenges_ : registrations_;
  const std::string key = challenged ? challenge_key(request) : request.config->instance.id;
  if (const auto throttle = limiter.admit(key)) co_return slowed(call, kRegister, *throttle);
  auto answer = co_await registrar_.register_device(request);
  const bool counts = answer && (challenged ? !answer->activation.empty() : answer->operation != nullptr);
  if (!counts) limiter.give_back(key);
  if (!answer) co_return failed(call, kRegister, to_api_error(answer.error()));
  if (!challenged && !answer->activation.empty()) {  // a token that was too late, and is challenged anew
    if (const auto throttle = tpm_challenges_.admit(challenge_key(request)))
      co_return slowed(call, kRegister, *throttle);
  }
  co_return std::move(*answer);
}

Task<std::expected<Bytes, ApiError>> DeviceService::challenge_tpm(DeviceCall call, Bytes endorsement_key,
                                                                  Bytes storage_root_key) {
  auto config = co_await config_for(call, kRegister);
  if (!config) co_return std::unexpected(std::move(config.error()));
  call.request.config = *std::move(config);
  if (const auto throttle = device_registrations_.admit(device_key(call.request))) {
    co_return slowed(call, kRegister, *throttle);
  }
  auto keys = read_tpm_keys(endorsement_key, storage_root_key);
  if (!keys) co_return rejected(call, kRegister, std::move(keys.error()));
  call.request.tpm = *std::move(keys);
  call.request.evidence = provisioning::NoEvidence();
  auto answer = co_await admitted(call);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  if (answer->activation.empty()) co_return unauthorized();
  co_return std::move(answer->activation);
}

Task<bool> DeviceService::proves(DeviceCall call) {
  auto config = co_await config_for(call, kRegister);
  if (!config) co_return false;
  call.request.config = *std::move(config);
  const auto decision = co_await registrar_.judge(call.request);
  co_return decision && decision->outcome != provisioning::Outcome::kRefused;
}

Task<DeviceResult> DeviceService::operation_status(DeviceCall call, std::string operation_id) {
  auto config = co_await config_for(call, kStatus);
  if (!config) co_return std::unexpected(std::move(config.error()));
  DeviceRequest& request = call.request;
  request.config = *std::move(config);
  if (const auto throttle = device_polls_.admit(device_key(request))) co_return slowed(call, kStatus, *throttle);
  request.call = DeviceRequest::Call::kStatus;
  request.operation_id = operation_id;
  auto answer = co_await registrar_.operation_status(request, std::move(operation_id));
  if (!answer) {
    if (answer.error().code == ErrorCode::kNotFound) {
      co_return refuse(404, kRegistrationNotFound, answer.error().message);
    }
    co_return failed(call, kStatus, to_api_error(answer.error()));
  }
  if (!answer->state) co_return unauthorized();

  const auto& [operation, record] = *answer->state;
  if (!record || record->status == RegistrationStatus::kAssigning) {
    co_return DeviceAnswer{202, assigning_body(operation.id, &request.registration_id), answer->retry_after};
  }
  co_return DeviceAnswer{200, ended_body(operation.id, *record, answer->hub_key)};
}

Task<DeviceResult> DeviceService::look_up(DeviceCall call, std::string text) {
  auto config = co_await config_for(call, kLookUp);
  if (!config) co_return std::unexpected(std::move(config.error()));
  DeviceRequest& request = call.request;
  request.config = *std::move(config);
  if (const auto throttle = device_polls_.admit(device_key(request))) co_return slowed(call, kLookUp, *throttle);
  auto body = read_body(text, request.registration_id);
  if (!body) co_return rejected(call, kLookUp, std::move(body.error()));
  if (body->has_csr) {  // device-api.md 3.1
    co_return rejected(call, kLookUp, {{400, kBadRequest, "A look-up takes no csr."}, Cause::kMalformedBody});
  }
  request.call = DeviceRequest::Call::kLookUp;
  request.tpm = std::move(body->tpm);
  auto answer = co_await registrar_.look_up(request);
  if (!answer) co_return failed(call, kLookUp, to_api_error(answer.error()));
  if (answer->decision.outcome == provisioning::Outcome::kRefused) co_return unauthorized();
  if (!answer->record) co_return refuse(404, kRegistrationNotFound, "Registration not found.");
  co_return DeviceAnswer{200, model::text_of([&](const json::storage_ptr& storage) {
                           return registration_state(*answer->record, answer->hub_key, storage);
                         })};
}

}  // namespace muster::server
