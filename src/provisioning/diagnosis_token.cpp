#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "provisioning/attest_symmetric.h"
#include "provisioning/diagnosis_parts.h"
#include "wire/sas_token.h"

namespace muster::provisioning::detail {
namespace {

using model::Enrollment;
using model::SymmetricKeyAttestation;
using wire::SasToken;

/// Groups whose keys are tried for near misses; each costs some microseconds, and anybody can cause it.
constexpr std::size_t kMaxGroups = 500;
/// What clients usually make a token for (device-api.md 4.2), and the longest that one is made for.
constexpr std::chrono::hours kUsualLife{1};
constexpr std::chrono::hours kLongestUsualLife{25};
/// No device that runs today made a token that ended before this unless its clock was never set.
constexpr std::chrono::sys_days kClocksAreSetSince{std::chrono::year(2020) / 1 / 1};

std::string last_facts(const Decision& decision) {
  return decision.checks.empty() ? std::string() : decision.checks.back().facts;
}

/// The mistake of signing with the base64 text instead of the octets.
SecretBytes undecoded(const SecretBytes& key) {
  std::string text = to_base64(key.reveal());
  SecretBytes out(as_bytes(text));
  wipe(text);
  return out;
}

bool signed_by_either(const SasToken& token, const SecretBytes& primary, const SecretBytes& secondary) {
  return wire::signed_by(token, primary) || wire::signed_by(token, secondary);
}

bool signed_undecoded(const SasToken& token, const SecretBytes& primary, const SecretBytes& secondary) {
  return signed_by_either(token, undecoded(primary), undecoded(secondary));
}

/// How a group's keys and the token belong together, if they do.
std::optional<model::Finding> misuse_of(const store::SymmetricGroup& group, const SasToken& token,
                                        const DeviceRequest& request, const Enrollment* individual) {
  const SymmetricKeyAttestation masters{group.primary, group.secondary};
  if (signed_by_either(token, group.primary, group.secondary)) {
    return finding(Cause::kGroupKeyUsedDirectly, fmt::format("group {}", group.id));
  }
  const auto own = device_keys(masters, request.registration_id);
  if (individual != nullptr && signed_by_either(token, own.primary, own.secondary)) {
    return finding(Cause::kKeyDerivedFromGroup, fmt::format("group {}", group.id));
  }
  if (signed_undecoded(token, own.primary, own.secondary)) {
    return finding(Cause::kKeyNotDecoded, fmt::format("the key derived from group {}", group.id));
  }
  std::vector<std::string> others{to_upper(request.registration_id), std::string(trim(request.registration_id)) + "\n"};
  if (individual != nullptr && !individual->device_id.empty()) others.push_back(individual->device_id);
  for (const std::string& other : others) {
    const auto keys = device_keys(masters, other);
    if (signed_by_either(token, keys.primary, keys.secondary)) {
      const std::string_view spelling = other.ends_with('\n') ? "the id and a line feed" : std::string_view(other);
      return finding(Cause::kKeyDerivedForOtherId, fmt::format("group {}, derived for {}", group.id, spelling));
    }
  }
  return std::nullopt;
}

Task<std::optional<model::Finding>> misused_group_key(const DeviceRequest& request, const SasToken& token,
                                                      const Enrollment* individual, store::Store& store) {
  const auto groups = co_await store.symmetric_groups(request.config->instance.id);
  if (!groups) co_return std::nullopt;
  std::size_t left = kMaxGroups;
  for (const store::SymmetricGroup& group : **groups) {
    if (left-- == 0) break;
    if (auto found = misuse_of(group, token, request, individual)) co_return found;
  }
  co_return std::nullopt;
}

/// IDSCOPE/registrations/ID is what a device signs for (device-api.md 4.1).
model::Finding foreign_resource(const DeviceRequest& request, const SasToken& token, const std::string& facts) {
  const auto slash = token.resource.find('/');
  const std::string_view scope = std::string_view(token.resource).substr(0, slash);
  const std::string_view rest =
      slash == std::string::npos ? std::string_view() : std::string_view(token.resource).substr(slash);
  if (!starts_with_nocase(rest, "/registrations/")) return finding(Cause::kTokenOfServiceApi, facts);
  if (!equals_nocase(scope, request.config->instance.id_scope)) return finding(Cause::kTokenForOtherScope, facts);
  return finding(Cause::kTokenForOtherDevice, facts);
}

/// Whether the token is by a key that would have let the device in.
Task<bool> has_right_key(const DeviceRequest& request, const SasToken& token, store::Store& store) {
  const model::InstanceId& instance = request.config->instance.id;
  const auto individual =
      co_await store.find_enrollment(instance, model::EnrollmentKind::kIndividual, request.registration_id);
  if (!individual) co_return false;
  if (*individual) {
    const auto* keys = std::get_if<SymmetricKeyAttestation>(&(*individual)->attestation);
    co_return keys != nullptr&& signed_by_either(token, keys->primary, keys->secondary);
  }
  const auto groups = co_await store.symmetric_groups(instance);
  if (!groups) co_return false;
  for (const store::SymmetricGroup& group : **groups) {
    const auto keys = device_keys({group.primary, group.secondary}, request.registration_id);
    if (signed_by_either(token, keys.primary, keys.secondary)) co_return true;
  }
  co_return false;
}

Task<model::Finding> expired(const DeviceRequest& request, const SasToken& token, store::Store& store) {
  const auto ago = std::chrono::duration_cast<std::chrono::seconds>(request.at - token.expiry);
  std::string facts =
      fmt::format("the token ended {} ago, at {}", describe_span(ago), format_time_seconds(token.expiry));
  if (token.expiry < kClocksAreSetSince) co_return finding(Cause::kDeviceClockUnset, facts);
  if (ago > kLongestUsualLife || !co_await has_right_key(request, token, store)) {
    co_return finding(Cause::kTokenExpired, facts);
  }
  co_return finding(Cause::kDeviceClockBehind,
                    fmt::format("{}; if it was made for an hour, the device's clock is {} behind", facts,
                                describe_span(ago + kUsualLife)));
}

model::Finding malformed(const std::string& text, const std::string& facts) {
  const bool scheme = starts_with_nocase(trim(text), "SharedAccessSignature");
  return finding(scheme ? Cause::kMalformedToken : Cause::kOtherAuthorizationScheme, facts);
}

Cause demanded(const Enrollment& enrollment) {
  return std::holds_alternative<model::TpmAttestation>(enrollment.attestation) ? Cause::kDemandsTpm
                                                                               : Cause::kDemandsCertificate;
}

Task<model::Finding> wrong_key(const DeviceRequest& request, const Decision& decision, const SasToken& token,
                               store::Store& store) {
  const Enrollment& enrollment = *decision.enrollment;
  const auto& keys = std::get<SymmetricKeyAttestation>(enrollment.attestation);
  if (signed_undecoded(token, keys.primary, keys.secondary)) co_return finding(Cause::kKeyNotDecoded);
  if (auto misuse = co_await misused_group_key(request, token, &enrollment, store)) co_return std::move(*misuse);
  co_return finding(Cause::kWrongKey, last_facts(decision));
}

Task<Findings> no_entry(const DeviceRequest& request, const Decision& decision, const SasToken& token,
                        store::Store& store) {
  Findings findings;
  if (auto misuse = co_await misused_group_key(request, token, nullptr, store)) {
    findings.push_back(std::move(*misuse));
  } else {
    const auto groups = co_await store.symmetric_groups(request.config->instance.id);
    const bool any = groups && !(*groups)->empty();
    findings.push_back(finding(any ? Cause::kNoGroupDerivesKey : Cause::kNoEnrollment, last_facts(decision)));
  }
  for (auto& hint : co_await id_hints(request, store)) findings.push_back(std::move(hint));
  co_return findings;
}

}  // namespace

Task<Findings> diagnose_token(const DeviceRequest& request, const Decision& decision, store::Store& store) {
  const std::string& text = std::get<SasEvidence>(request.evidence).token;
  const auto token = wire::parse_sas_token(text);
  if (!token) co_return Findings{malformed(text, last_facts(decision))};
  switch (decision.reason) {
    case Reason::kForeignResource:
      co_return Findings{foreign_resource(request, *token, last_facts(decision))};
    case Reason::kExpiredToken:
      co_return Findings{co_await expired(request, *token, store)};
    case Reason::kWrongAttestation:
      co_return Findings{finding(demanded(*decision.enrollment), last_facts(decision))};
    case Reason::kWrongKey:
      co_return Findings{co_await wrong_key(request, decision, *token, store)};
    default:
      co_return co_await no_entry(request, decision, *token, store);
  }
}

}  // namespace muster::provisioning::detail
