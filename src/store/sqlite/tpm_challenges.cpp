#include "store/sqlite/tpm_challenges.h"

#include <algorithm>

#include <fmt/format.h>

#include "store/sqlite/rows.h"

namespace muster::store::sqlite {
namespace {

// The three keys lie sealed as one value: they are made and used together.
constexpr std::size_t kKeys = 3;

std::string secrets_context(const InstanceId& instance, std::string_view registration_key, std::string_view id) {
  return fmt::format("tpm-challenge|{}|{}|{}", instance, registration_key, id);
}

SecretBytes joined_keys(const model::TpmChallenge& challenge) {
  Bytes all;
  all.reserve(challenge.key.size() * kKeys);
  for (const SecretBytes* key : {&challenge.key, &challenge.hub_keys.primary, &challenge.hub_keys.secondary}) {
    all.insert(all.end(), key->reveal().begin(), key->reveal().end());
  }
  return SecretBytes(std::move(all));
}

/// Columns: challenge_id, registration_id, operation_id, endorsement_key, storage_root_key, begun, expires, secrets.
Result<model::TpmChallenge> read_challenge(const Session& session, const InstanceId& instance, const Statement& row) {
  model::TpmChallenge challenge;
  challenge.id = row.string(0);
  challenge.registration_id = row.string(1);
  challenge.operation_id = row.string(2);
  const ByteView digest = row.blob(3);
  if (digest.size() != challenge.endorsement_key.size()) return damaged("digest of a TPM challenge");
  std::ranges::copy(digest, challenge.endorsement_key.begin());
  const ByteView storage_root_key = row.blob(4);
  challenge.storage_root_key.assign(storage_root_key.begin(), storage_root_key.end());
  challenge.begun = from_micros(row.integer(5));
  challenge.expires = from_micros(row.integer(6));
  const auto secrets =
      unseal(session, row, 7, secrets_context(instance, model::id_key(challenge.registration_id), challenge.id));
  if (!secrets) return std::unexpected(secrets.error());
  const std::size_t size = secrets->size() / kKeys;
  if (size == 0 || secrets->size() % kKeys != 0) return damaged("keys of a TPM challenge");
  challenge.key = SecretBytes(secrets->reveal().first(size));
  challenge.hub_keys.primary = SecretBytes(secrets->reveal().subspan(size, size));
  challenge.hub_keys.secondary = SecretBytes(secrets->reveal().last(size));
  return challenge;
}

Result<void> insert_challenge(const Session& session, const InstanceId& instance,
                              const model::TpmChallenge& challenge) {
  const std::string key = model::id_key(challenge.registration_id);
  return without_count(session.connection.run(
      "INSERT INTO tpm_challenge (instance, registration_key, challenge_id, registration_id, operation_id, "
      "endorsement_key, storage_root_key, begun, expires, secrets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      instance, key, challenge.id, challenge.registration_id, challenge.operation_id,
      ByteView(challenge.endorsement_key), ByteView(challenge.storage_root_key), to_micros(challenge.begun),
      to_micros(challenge.expires),
      seal(session, joined_keys(challenge), secrets_context(instance, key, challenge.id))));
}

Result<void> remove_challenge(const Session& session, const InstanceId& instance, const model::TpmChallenge& old) {
  return without_count(session.connection.run(
      "DELETE FROM tpm_challenge WHERE instance = ? AND registration_key = ? AND challenge_id = ?", instance,
      model::id_key(old.registration_id), old.id));
}

/// Leaves room for one more pending one.
Result<void> remove_surplus(const Session& session, const InstanceId& instance,
                            const std::vector<model::TpmChallenge>& newest_first) {
  std::size_t pending = 1;
  std::size_t spent = 0;
  for (const model::TpmChallenge& challenge : newest_first) {
    std::size_t& count = challenge.operation_id.empty() ? pending : spent;
    if (++count <= kMaxTpmChallenges) continue;
    if (auto removed = remove_challenge(session, instance, challenge); !removed) return removed;
  }
  return {};
}

/// Whether a challenge serves a device that asks for one again.
bool still_serves(const model::TpmChallenge& challenge, const model::TpmChallenge& proposed) {
  return challenge.operation_id.empty() && challenge.endorsement_key == proposed.endorsement_key &&
         challenge.storage_root_key == proposed.storage_root_key &&
         challenge.expires - proposed.begun >= (challenge.expires - challenge.begun) / 2;
}

}  // namespace

Result<model::TpmChallenge> begin_tpm_challenge(const Session& session, const InstanceId& instance,
                                                const model::TpmChallenge& proposed) {
  auto known = find_tpm_challenges(session, instance, proposed.registration_id);
  if (!known) return std::unexpected(known.error());
  const auto serves = std::ranges::find_if(*known, [&](const auto& each) { return still_serves(each, proposed); });
  if (serves != known->end()) return std::move(*serves);
  auto written = remove_surplus(session, instance, *known);
  if (written) written = insert_challenge(session, instance, proposed);
  if (!written) return std::unexpected(written.error());
  return proposed;
}

Result<std::vector<model::TpmChallenge>> find_tpm_challenges(const Session& session, const InstanceId& instance,
                                                             const std::string& registration_id) {
  return read_all<model::TpmChallenge>(
      session.connection.query("SELECT challenge_id, registration_id, operation_id, endorsement_key, storage_root_key, "
                               "begun, expires, secrets FROM tpm_challenge WHERE instance = ? AND registration_key = ? "
                               "ORDER BY challenge_id DESC",
                               instance, model::id_key(registration_id)),
      [&](const Statement& row) { return read_challenge(session, instance, row); });
}

Result<std::size_t> purge_tpm_challenges(const Session& session, TimePoint before, std::size_t limit) {
  return session.connection.run(
      "DELETE FROM tpm_challenge WHERE (instance, registration_key, challenge_id) IN "
      "(SELECT instance, registration_key, challenge_id FROM tpm_challenge WHERE expires < ? LIMIT ?)",
      to_micros(before), limit);
}

Result<void> spend_tpm_challenge(const Session& session, const InstanceId& instance,
                                 const model::Operation& operation) {
  if (operation.challenge.empty()) return {};
  const auto spent = session.connection.run(
      "UPDATE tpm_challenge SET operation_id = ? WHERE instance = ? AND registration_key = ? AND challenge_id = ? "
      "AND operation_id = ''",
      operation.id, instance, model::id_key(operation.registration_id), operation.challenge);
  if (!spent) return std::unexpected(spent.error());
  if (*spent == 0) return fail(ErrorCode::kConflict, "The challenge has led to a registration already.");
  return {};
}

}  // namespace muster::store::sqlite
