#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "model/check.h"
#include "model/enrollment.h"

namespace muster::model {

/// How an attempt of a device ended.
enum class AttemptOutcome {
  kRefused,     ///< the device got an error and nothing else happened
  kPending,     ///< proven; its hub did not answer yet, or a webhook is yet to choose one
  kNotJudged,   ///< a dry run with nothing to judge
  kChallenged,  ///< its TPM was given something to prove itself with; nothing more happened in this call
  kJoined,      ///< proven; its registration was under way already, by another attempt
  kAssigned,    ///< it has a hub
  kFailed,      ///< proven, but its registration failed
  kDisabled,    ///< proven, but its enrollment is disabled
};

/// Why an attempt ended as it did, or what might explain it: the name of a cause (provisioning/cause.h) and what was
/// seen of it in this attempt.
struct Finding {
  std::string cause;
  std::string facts;

  bool operator==(const Finding&) const = default;
};

/// One call of a device, kept for its operator to look at (design section 3): the answer to an opaque 401.
struct Attempt {
  std::string tracking_id;      ///< version 7 UUID, so the order of the ids is the order of the attempts
  TimePoint at;                 ///< when the call came
  std::string call;             ///< "register", "status", "look-up" or "dry-run"
  std::string registration_id;  ///< as the device spelt it; may be anything when the call was malformed
  std::string transport;
  std::string peer_address;
  std::string api_version;
  std::string thumbprint;                         ///< X.509: SHA-256 of the presented leaf, upper-case hexadecimal
  std::optional<EnrollmentKind> enrollment_kind;  ///< of the entry that decided, when one was found
  std::string enrollment_id;
  AttemptOutcome outcome = AttemptOutcome::kRefused;
  std::string hub;                ///< assigned: host name
  std::string device_id;          ///< assigned
  std::vector<Finding> findings;  ///< the cause first, then what else might explain it; empty when all is well
  std::vector<Check> checks;      ///< everything that was looked at, in order

  [[nodiscard]] bool failed() const {
    return outcome != AttemptOutcome::kAssigned && outcome != AttemptOutcome::kJoined &&
           outcome != AttemptOutcome::kChallenged;
  }
  bool operator==(const Attempt&) const = default;
};

std::string_view to_string(AttemptOutcome outcome);

/// Cuts every text that a peer may have blown up, so that an attempt stays below some ten kilobytes; texts say that
/// they were cut.
void limit_size(Attempt& attempt);

/// The form kept in the store. kInternal when damaged.
std::string to_stored_text(const Attempt& attempt);
Result<Attempt> attempt_from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
