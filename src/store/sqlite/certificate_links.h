#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

/// Links of the certificates that an attestation names, sorted, each once: both slots may hold the same certificate.
std::vector<std::string> links_of(const model::Attestation& attestation);

/// kConflict, naming the other entry, when one of the links stands in another entry.
Result<std::optional<Error>> find_conflict(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                                           const std::string& enrollment_key, std::span<const std::string> links);

/// Moves an entry's links from `before` to `after`, both sorted. kConflict, naming the other entry, when one of them
/// stands in another entry.
Result<void> replace_links(const Session& session, const InstanceId& instance, EnrollmentKind kind,
                           const std::string& enrollment_key, std::span<const std::string> before,
                           std::span<const std::string> after);

/// The entries that hold the links, in the order of `links`.
Result<std::vector<CertificateMatch>> find_links(const Session& session, const InstanceId& instance,
                                                 std::span<const std::string> links);

}  // namespace muster::store::sqlite
