#include "provisioning/attest_tpm.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "crypto/tpm/activation.h"

namespace muster::provisioning {
namespace {

using crypto::tpm::KeyRole;
using crypto::tpm::ParentKey;
using model::Enrollment;
using model::EnrollmentKind;
using model::TpmAttestation;
using model::TpmChallenge;

Result<ParentKey> stored_key(const std::string& base64, KeyRole role) {
  const auto octets = from_base64(base64);
  if (!octets) return invalid("It is not base64 of a TPM2B_PUBLIC.");
  return ParentKey::parse(*octets, role);
}

/// Any text does, and no client reads it (device-api.md 5.5 piece 6).
std::string activation_text(const DeviceRequest& request) {
  return fmt::format("{}/registrations/{}", request.config->instance.id_scope, request.registration_id);
}

TpmChallenge propose(const DeviceRequest& request, const ParentKey& endorsement_key, const ParentKey& storage_root_key,
                     const AttestationSettings& settings, Random& random) {
  constexpr std::size_t kKeySize = crypto::tpm::kDeliveredKeySize;
  TpmChallenge out;
  out.id = make_time_ordered_guid(random, request.at);
  out.registration_id = request.registration_id;
  out.endorsement_key = crypto::sha256(endorsement_key.area().octets);
  out.storage_root_key = storage_root_key.area().octets;
  out.key = SecretBytes(random.bytes(kKeySize));
  out.hub_keys = {SecretBytes(random.bytes(kKeySize)), SecretBytes(random.bytes(kKeySize))};
  out.begun = request.at;
  out.expires = request.at + settings.tpm_challenge_life;
  return out;
}

/// Whether the enrolled key can be used, and is the device's own; nullopt: refused, with the end in
/// `decision`.
std::optional<ParentKey> match_endorsement_key(DecisionBuilder& builder, const Enrollment& enrollment,
                                               const DeviceRequest& request, Decision& decision) {
  auto enrolled = stored_key(std::get<TpmAttestation>(enrollment.attestation).endorsement_key, KeyRole::kEndorsement);
  if (!enrolled) {
    decision = builder.refuse(Reason::kUnusableTpmKey, "tpm.enrolled-key", enrolled.error().message);
    return std::nullopt;
  }
  if (request.tpm && request.tpm->endorsement_key != enrolled->area().octets) {
    decision = builder.refuse(Reason::kOtherTpm, "tpm.endorsement-key",
                              "the device's endorsement key is not the one of its enrollment");
    return std::nullopt;
  }
  if (request.tpm) builder.passed("tpm.endorsement-key", key_name(enrolled->area()));
  return std::move(*enrolled);
}

/// The device's storage root key, or else the one pinned in the entry.
std::optional<ParentKey> storage_root_key_for(DecisionBuilder& builder, const TpmAttestation& enrolled,
                                              const DeviceRequest& request, Decision& decision) {
  if (request.tpm->storage_root_key) {
    builder.passed("tpm.storage-root-key", key_name(request.tpm->storage_root_key->area()));
    return request.tpm->storage_root_key;
  }
  if (enrolled.storage_root_key.empty()) {
    decision = builder.refuse(Reason::kNoStorageRootKey, "tpm.storage-root-key",
                              "neither the device nor its enrollment has one");
    return std::nullopt;
  }
  auto pinned = stored_key(enrolled.storage_root_key, KeyRole::kStorageRoot);
  if (!pinned) {
    decision = builder.refuse(Reason::kUnusableTpmKey, "tpm.storage-root-key", pinned.error().message);
    return std::nullopt;
  }
  builder.passed("tpm.storage-root-key", "the enrollment's");
  return std::move(*pinned);
}

const TpmChallenge* find_signer(const std::vector<TpmChallenge>& challenges, const wire::SasToken& token) {
  const TpmChallenge* signer = nullptr;
  // All are tried, so that the time does not tell which one it was.
  for (const TpmChallenge& challenge : challenges) {
    if (wire::signed_by(token, challenge.key) && signer == nullptr) signer = &challenge;
  }
  return signer;
}

/// The last one that led to a registration: its keys are what the device's hub has. Challenges are the newest first.
const TpmChallenge* last_spent(const std::vector<TpmChallenge>& challenges) {
  const auto found = std::ranges::find_if(challenges, [](const auto& each) { return !each.operation_id.empty(); });
  return found == challenges.end() ? nullptr : &*found;
}

/// Whether a challenge counts for this call: while it lives, and for polls of its registration as long as they are
/// answered (device-api.md 5.3).
bool counts(const TpmChallenge& challenge, const DeviceRequest& request) {
  if (request.at < challenge.expires) return true;
  return !request.operation_id.empty() && challenge.operation_id == request.operation_id;
}

Decision no_signer(DecisionBuilder builder, const std::vector<TpmChallenge>& challenges, const DeviceRequest& request) {
  if (challenges.empty() && !request.tpm) {
    return builder.refuse(Reason::kWrongAttestation, "enrollment.attestation",
                          "the individual enrollment demands tpm, the device sent a token and was never challenged");
  }
  const auto pending = std::ranges::count_if(challenges, [&](const auto& each) { return each.is_pending(request.at); });
  if (pending == 0) {
    return builder.refuse(Reason::kNoChallenge, "tpm.challenge", "no challenge is pending for this device");
  }
  return builder.refuse(Reason::kWrongTpmSignature, "token.signature",
                        fmt::format("the key of none of {} pending challenges made it", pending));
}

}  // namespace

Task<Result<Challenge>> challenge_tpm(const DeviceRequest& request, store::Store& store,
                                      const AttestationSettings& settings, Random& random) {
  const model::InstanceId instance = request.config->instance.id;
  DecisionBuilder builder;
  auto entry = co_await store.find_enrollment(instance, EnrollmentKind::kIndividual, request.registration_id);
  if (!entry) co_return std::unexpected(entry.error());
  if (!*entry) {
    co_return Challenge{
        builder.refuse(Reason::kNoEnrollment, "enrollment.found", "no individual enrollment for this id"), {}};
  }
  builder.passed("enrollment.found", "individual enrollment");
  builder.note_enrollment(*entry);
  const auto* enrolled = std::get_if<TpmAttestation>(&(*entry)->attestation);
  if (enrolled == nullptr) {
    co_return Challenge{builder.refuse(Reason::kWrongAttestation, "enrollment.attestation",
                                       fmt::format("the individual enrollment demands {}, the device has a TPM",
                                                   attestation_type((*entry)->attestation))),
                        {}};
  }
  Challenge out;
  const auto endorsement_key = match_endorsement_key(builder, **entry, request, out.decision);
  if (!endorsement_key) co_return out;
  const auto storage_root_key = storage_root_key_for(builder, *enrolled, request, out.decision);
  if (!storage_root_key) co_return out;

  auto kept = co_await store.begin_tpm_challenge(
      instance, propose(request, *endorsement_key, *storage_root_key, settings, random));
  if (!kept) co_return std::unexpected(kept.error());
  out.activation = make_activation(*endorsement_key, *storage_root_key, kept->key, activation_text(request), random);
  out.decision = builder.challenge(
      fmt::format("{} octets, good until {}", out.activation.size(), format_time_seconds(kept->expires)));
  co_return out;
}

Task<Result<Decision>> attest_tpm(DecisionBuilder builder, const Enrollment& enrollment, const wire::SasToken& token,
                                  const DeviceRequest& request, store::Store& store) {
  Decision refused;
  const auto endorsement_key = match_endorsement_key(builder, enrollment, request, refused);
  if (!endorsement_key) co_return refused;
  auto challenges = co_await store.find_tpm_challenges(request.config->instance.id, request.registration_id);
  if (!challenges) co_return std::unexpected(challenges.error());

  const TpmChallenge* signer = find_signer(*challenges, token);
  if (signer == nullptr) co_return no_signer(std::move(builder), *challenges, request);
  builder.passed("token.signature", "the key that the TPM was given");
  if (signer->endorsement_key != crypto::sha256(endorsement_key->area().octets)) {
    co_return builder.refuse(Reason::kOtherTpm, "tpm.endorsement-key", "the enrollment got another one meanwhile");
  }
  if (!counts(*signer, request)) {
    co_return builder.refuse(Reason::kExpiredChallenge, "tpm.challenge",
                             fmt::format("it expired at {}", format_time_seconds(signer->expires)));
  }
  const auto& shown = request.tpm ? request.tpm->storage_root_key : std::nullopt;
  if (shown && shown->area().octets != signer->storage_root_key) {
    co_return builder.refuse(Reason::kOtherStorageRootKey, "tpm.storage-root-key",
                             "the device shows another one than it was challenged with");
  }
  builder.passed("tpm.challenge", fmt::format("of {}", format_time_seconds(signer->begun)));
  // A register call is about the challenge that it answers, all others are about the registration that there is.
  const TpmChallenge* spent = last_spent(*challenges);
  const bool registers = request.call == DeviceRequest::Call::kRegister;
  builder.note_challenge(registers || spent == nullptr ? *signer : *spent);
  co_return builder.prove(signer->hub_keys);
}

Result<Bytes> wrap_hub_key(const DeviceRequest& request, const Enrollment& enrollment, const TpmChallenge& challenge,
                           Random& random) {
  const auto* enrolled = std::get_if<TpmAttestation>(&enrollment.attestation);
  if (enrolled == nullptr) return fail(ErrorCode::kInternal, "The enrollment has no TPM.");
  const auto endorsement_key = stored_key(enrolled->endorsement_key, KeyRole::kEndorsement);
  const auto storage_root_key = ParentKey::parse(challenge.storage_root_key, KeyRole::kStorageRoot);
  for (const auto* key : {&endorsement_key, &storage_root_key}) {
    if (!*key) return fail(ErrorCode::kInternal, "A key of the TPM cannot be used.", key->error().message);
  }
  return make_activation(*endorsement_key, *storage_root_key, challenge.hub_keys.primary, activation_text(request),
                         random);
}

Task<Result<std::optional<model::SasCredential>>> hub_keys_of(const model::InstanceId& instance,
                                                              const model::Operation& operation,
                                                              const Enrollment& enrollment, store::Store& store) {
  const auto* enrolled = std::get_if<TpmAttestation>(&enrollment.attestation);
  if (enrolled == nullptr) co_return std::nullopt;
  auto challenges = co_await store.find_tpm_challenges(instance, operation.registration_id);
  if (!challenges) co_return std::unexpected(challenges.error());
  const auto octets = from_base64(enrolled->endorsement_key);
  for (TpmChallenge& challenge : *challenges) {
    if (challenge.id != operation.challenge || !octets) continue;
    if (challenge.endorsement_key == crypto::sha256(*octets)) co_return std::move(challenge.hub_keys);
  }
  co_return std::nullopt;
}

}  // namespace muster::provisioning
