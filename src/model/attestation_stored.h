#pragma once

#include <boost/json/object.hpp>

#include "model/attestation.h"
#include "model/member_reader.h"

namespace muster::model {

/// The stored form of an attestation, without keys and certificate octets: {"type": "symmetricKey" | "certificates" |
/// "caReferences" | "tpm", ...}.
boost::json::object attestation_to_stored_json(const Attestation& attestation,
                                               const boost::json::storage_ptr& storage = {});
/// The reverse; what is wrong goes to the reader.
Attestation attestation_from_stored_json(const MemberReader& stored);

}  // namespace muster::model
