#pragma once

#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "model/enrollment.h"
#include "model/member_reader.h"

namespace muster::model {

/// The attestation that a PUT means (service-api.md 3.1, 3.2, 3.5): `body` is the enrollment's object, `current` the
/// stored attestation or null. Types are told to the body's fault; what is wrong with the content is kInvalidArgument.
Result<Attestation> attestation_put(EnrollmentKind kind, const MemberReader& body, const Attestation* current,
                                    Random& random);

/// The `symmetricKey` member (null: absent) of `attestation`: keys given, kept from `current` or generated, in that
/// order (service-api.md 3.5.4, R-134).
Result<Attestation> symmetric_keys_put(const MemberReader& attestation, const Attestation* current, Random& random);

/// The `x509` member of `attestation`.
Result<Attestation> x509_put(EnrollmentKind kind, const MemberReader& attestation, const Attestation* current);

}  // namespace muster::model
