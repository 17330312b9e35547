#include "muster/device_tpm.h"

#include "model/json.h"

namespace muster::cli {
namespace {

constexpr int kUnauthorized = 401;

/// The blob in `authenticationKey`; nothing when the member is not there.
Result<std::optional<Bytes>> blob_in(const boost::json::object& object) {
  const auto text = model::optional_string(object, "authenticationKey");
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::nullopt;
  auto blob = from_base64(**text);
  if (!blob) return fail(ErrorCode::kInternal, "The service sent a key that is not base64.");
  return *std::move(blob);
}

/// The object at a path of members; null when there is none.
const boost::json::object* object_at(const boost::json::object& object, std::initializer_list<std::string_view> path) {
  const boost::json::object* at = &object;
  for (const std::string_view member : path) {
    const auto* value = at->if_contains(member);
    at = value == nullptr ? nullptr : value->if_object();
    if (at == nullptr) return nullptr;
  }
  return at;
}

/// The blob of the answer's object at that path; nothing when there is no such thing, as in a refusal.
Result<std::optional<Bytes>> blob_of(const DeviceAnswer& answer, std::initializer_list<std::string_view> path) {
  const auto body = model::parse_json_object(answer.body);
  if (!body) return std::nullopt;
  const auto* holder = object_at(*body, path);
  if (holder == nullptr) return std::nullopt;
  return blob_in(*holder);
}

}  // namespace

Result<TpmPublicKeys> read_public_keys(tpm::Tpm& tpm) {
  using crypto::tpm::KeyRole;
  std::string keys[2];
  for (const KeyRole role : {KeyRole::kEndorsement, KeyRole::kStorageRoot}) {
    const auto there = tpm.has(tpm::handle_of(role));
    if (!there) return std::unexpected(there.error());
    if (!*there) return fail(ErrorCode::kPreconditionFailed, "The TPM is not ready for a device: muster tpm own.");
    const auto key = tpm.primary_key(role);
    if (!key) return std::unexpected(key.error());
    keys[role == KeyRole::kEndorsement ? 0 : 1] = to_base64(key->public_key);
  }
  return TpmPublicKeys{.endorsement_key = std::move(keys[0]), .storage_root_key = std::move(keys[1])};
}

Result<void> KeyInTpm::activate(ByteView blob) {
  auto activated = tpm_.activate(blob);
  active_ = activated.has_value();
  return activated;
}

Result<std::string> tpm_token(const DeviceRegistration& device, ActivatedKey& key, const Clock& clock) {
  if (!key.is_active()) return "";
  return device_token(device, [&key](ByteView text) { return key.sign(text); }, clock);
}

Result<DeviceAnswer> TpmDevice::request_registration(const std::string& body) {
  auto answer = transport_->request_registration(body);
  if (!answer || answer->status != kUnauthorized) return deliver(std::move(answer));
  const auto blob = blob_of(*answer, {});
  if (!blob) return std::unexpected(blob.error());
  if (!*blob) return answer;
  if (auto activated = key_.activate(**blob); !activated) return std::unexpected(activated.error());
  // Challenged once for a request: a device whose clock is wrong would go on for ever.
  return deliver(transport_->request_registration(body));
}

Result<DeviceAnswer> TpmDevice::ask_status(const std::string& operation_id) {
  return deliver(transport_->ask_status(operation_id));
}

Result<DeviceAnswer> TpmDevice::deliver(Result<DeviceAnswer> answer) {
  if (!answer || !answer->success()) return answer;
  const auto blob = blob_of(*answer, {"registrationState", "tpm"});
  if (!blob) return std::unexpected(blob.error());
  if (!*blob) return answer;
  if (auto activated = key_.activate(**blob); !activated) return std::unexpected(activated.error());
  if (auto kept = key_.keep(); !kept) return std::unexpected(kept.error());
  return answer;
}

}  // namespace muster::cli
