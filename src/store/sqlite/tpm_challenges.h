#pragma once

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// As the functions of the same names in store.h.
Result<model::TpmChallenge> begin_tpm_challenge(const Session& session, const InstanceId& instance,
                                                const model::TpmChallenge& proposed);
Result<std::vector<model::TpmChallenge>> find_tpm_challenges(const Session& session, const InstanceId& instance,
                                                             const std::string& registration_id);
/// At most `limit` of them.
Result<std::size_t> purge_tpm_challenges(const Session& session, TimePoint before, std::size_t limit);

/// Marks the challenge that an operation names as spent by it; nothing when it names none. kConflict when there is no
/// such challenge, or it is spent already.
Result<void> spend_tpm_challenge(const Session& session, const InstanceId& instance, const model::Operation& operation);

}  // namespace muster::store::sqlite
