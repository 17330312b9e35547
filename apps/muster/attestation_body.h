#pragma once

#include <boost/json/object.hpp>

#include "muster/enrollment_body.h"

namespace muster::cli {

/// The `attestation` that the options name; empty when they name none. kInvalidArgument when they mix types, give what
/// the kind of entry cannot have, or a certificate file cannot be read.
Result<boost::json::object> given_attestation(model::EnrollmentKind kind, const EnrollmentOptions& options);

/// `given` over `current`: slot by slot when type and collection are the same, else `given` alone.
boost::json::object merge_attestation(boost::json::object current, const boost::json::object& given);

}  // namespace muster::cli
