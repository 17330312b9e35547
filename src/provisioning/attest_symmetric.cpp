#include "provisioning/attest_symmetric.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "provisioning/attest_tpm.h"
#include "wire/sas_token.h"

namespace muster::provisioning {
namespace {

using model::Enrollment;
using model::EnrollmentKind;
using model::SasCredential;
using model::SymmetricKeyAttestation;

/// "12 s ago", "in 3600 s": where a token's end lies, which also tells a skewed clock from a stale token.
std::string describe_expiry(TimePoint expiry, TimePoint now) {
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(expiry - now).count();
  return left >= 0 ? fmt::format("ends in {} s", left) : fmt::format("ended {} s ago", -left);
}

/// The keys of one device of a group, and the spelling of its id that they were derived from.
struct DerivedKeys {
  SasCredential keys;
  std::string spelling;
};

/// The keys of one device of a group when one of them signed the token. The spelling of the id in the derivation is the
/// device's own, or else lower case (device-api.md 4.3).
std::optional<DerivedKeys> match_group(const store::SymmetricGroup& group, const wire::SasToken& token,
                                       const std::string& registration_id, const std::string& lower_id) {
  for (const std::string* id : {&registration_id, &lower_id}) {
    if (id == &lower_id && lower_id == registration_id) break;
    SasCredential keys = device_keys({group.primary, group.secondary}, *id);
    if (wire::signed_by(token, keys.primary) || wire::signed_by(token, keys.secondary)) {
      return DerivedKeys{std::move(keys), *id};
    }
  }
  return std::nullopt;
}

Decision attest_individual(DecisionBuilder builder, const Enrollment& enrollment, const wire::SasToken& token) {
  const auto* keys = std::get_if<SymmetricKeyAttestation>(&enrollment.attestation);
  if (keys == nullptr) {
    return builder.refuse(Reason::kWrongAttestation, "enrollment.attestation",
                          fmt::format("the individual enrollment demands {}, the device sent a token",
                                      attestation_type(enrollment.attestation)));
  }
  const bool primary = wire::signed_by(token, keys->primary);
  if (!primary && !wire::signed_by(token, keys->secondary)) {
    return builder.refuse(Reason::kWrongKey, "token.signature",
                          "neither the primary nor the secondary key of the individual enrollment made it");
  }
  builder.passed("token.signature", primary ? "primary key" : "secondary key");
  return builder.prove(SasCredential{keys->primary, keys->secondary});
}

/// The group whose master derives the signing key. The group of the device's last registration is tried first.
Task<Result<Decision>> attest_group(DecisionBuilder builder, const DeviceRequest& request, const wire::SasToken& token,
                                    store::Store& store) {
  const model::InstanceId& instance = request.config->instance.id;
  const std::string lower_id = model::id_key(request.registration_id);

  auto groups = co_await store.symmetric_groups(instance);
  if (!groups) co_return std::unexpected(groups.error());
  std::string last_group;
  if ((*groups)->size() > 1) {
    auto record = co_await store.find_registration(instance, request.registration_id);
    if (!record) co_return std::unexpected(record.error());
    if (*record && (*record)->enrollment_kind == EnrollmentKind::kGroup) last_group = (*record)->enrollment_id;
  }

  const store::SymmetricGroup* match = nullptr;
  std::optional<DerivedKeys> keys;
  for (const bool last_first : {true, false}) {
    for (const store::SymmetricGroup& group : **groups) {
      if (keys || equals_nocase(group.id, last_group) != last_first) continue;
      keys = match_group(group, token, request.registration_id, lower_id);
      if (keys) match = &group;
    }
  }
  if (match == nullptr) {
    co_return builder.refuse(Reason::kNoEnrollment, "token.signature",
                             fmt::format("no individual enrollment for this id, and the master key of none of {} "
                                         "symmetric-key groups derives the key that signed",
                                         (*groups)->size()));
  }
  auto enrollment = co_await store.find_enrollment(instance, EnrollmentKind::kGroup, match->id);
  if (!enrollment) co_return std::unexpected(enrollment.error());
  if (!*enrollment) {
    co_return builder.refuse(Reason::kNoEnrollment, "enrollment.found", "the group was deleted at this moment");
  }
  builder.passed("token.signature", fmt::format("derived from a master key of group {}", match->id));
  builder.note_enrollment(*std::move(enrollment));
  builder.note_derivation(std::move(keys->spelling));
  co_return builder.prove(std::move(keys->keys));
}

}  // namespace

SasCredential device_keys(const SymmetricKeyAttestation& masters, std::string_view registration_id) {
  return {crypto::derive_device_key(masters.primary, registration_id),
          crypto::derive_device_key(masters.secondary, registration_id)};
}

Task<Result<Decision>> attest_symmetric(const DeviceRequest& request, store::Store& store,
                                        const AttestationSettings& settings) {
  DecisionBuilder builder;
  const auto token = wire::parse_sas_token(std::get<SasEvidence>(request.evidence).token);
  if (!token) co_return builder.refuse(Reason::kMalformedToken, "token.form", token.error().detail);
  builder.passed("token.form");

  const model::Instance& instance = request.config->instance;
  const std::string resource = fmt::format("{}/registrations/{}", instance.id_scope, request.registration_id);
  if (!equals_nocase(token->resource, resource)) {
    co_return builder.refuse(Reason::kForeignResource, "token.resource",
                             fmt::format("the token is for {}, the request for {}", token->resource, resource));
  }
  builder.passed("token.resource");

  const std::string life = describe_expiry(token->expiry, request.at);
  if (wire::has_expired(*token, request.at, settings.sas_tolerance)) {
    co_return builder.refuse(Reason::kExpiredToken, "token.expiry",
                             fmt::format("{}, {} s tolerated", life, settings.sas_tolerance.count()));
  }
  builder.passed("token.expiry", life);

  auto individual = co_await store.find_enrollment(instance.id, EnrollmentKind::kIndividual, request.registration_id);
  if (!individual) co_return std::unexpected(individual.error());
  if (*individual) {
    builder.passed("enrollment.found", "individual enrollment");
    builder.note_enrollment(*individual);
    if (std::holds_alternative<model::TpmAttestation>((*individual)->attestation)) {
      co_return co_await attest_tpm(std::move(builder), **individual, *token, request, store);
    }
    co_return attest_individual(std::move(builder), **individual, *token);
  }
  co_return co_await attest_group(std::move(builder), request, *token, store);
}

}  // namespace muster::provisioning
