#pragma once

#include <functional>

#include <boost/json/object.hpp>

#include "base/random.h"
#include "base/result.h"
#include "model/enrollment.h"

namespace muster::model {

/// How much of an enrollment is written (service-api.md 3.6).
enum class EnrollmentView {
  kWithKeys,  ///< the answer to PUT: symmetric keys included
  kPublic,    ///< GET, query items, webhooks: no symmetric keys, no certificate text
  kWhole,     ///< exports: symmetric keys and certificates (base64 of the DER), slots as stored
};

/// The JSON object of an enrollment; members without value are left out, `provisioningStatus` is always there
/// (service-api.md 0, 3.5). The registrationState of a GET is added by the caller.
boost::json::object to_json(const Enrollment& enrollment, EnrollmentView view);

/// The bare attestation object with its keys (service-api.md 3.7).
boost::json::object attestation_to_json(const Attestation& attestation, EnrollmentView view);

/// What is shown of a certificate (service-api.md 3.1 `info`).
boost::json::object to_json(const crypto::CertificateInfo& info);

/// What a PUT means: the new enrollment out of the request body and what is stored (service-api.md 3.2, 3.5, full
/// replace with the round-trip exceptions: `info`-only certificate slots and hidden symmetric keys are kept; read-only
/// members are ignored; null means not given). `id` is the path's; an id in the body must equal it without case.
/// Symmetric keys that nobody gives are generated: 64 octets each (device-api.md 4.2).
/// The result carries a new etag, `created` from `current` or `now`, `updated` = now.
/// kInvalidArgument with a message that names the member and what is wrong with it.
Result<Enrollment> apply_put(EnrollmentKind kind, std::string_view id, const boost::json::object& body,
                             const Enrollment* current, TimePoint now, Random& random);

/// The form kept in the store: everything but symmetric keys and certificate octets, which the store keeps apart.
/// `storage` is where the object and all that is in it lies.
boost::json::object to_stored_json(const Enrollment& enrollment, const boost::json::storage_ptr& storage = {});
/// The reverse; certificates come without `der` and keys empty until the store puts them in. kInternal when damaged.
Result<Enrollment> from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
