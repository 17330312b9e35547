#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace muster::model {

/// Names an instance in every stored row: its ID scope in lower case (R-004: fixed at creation, unique, no case).
using InstanceId = std::string;

/// Registration ids and group ids: 1 to 128 of letters, digits and "-._:", first a letter or digit, last a letter,
/// digit or '-' (R-005, service-api.md 3.2). `what` names the id in the message ("registrationId").
Result<void> check_enrollment_id(std::string_view id, std::string_view what);
/// Hub device ids: 1 to 128 of letters, digits and "-:.+%_#*?!(),=@;$'" (hub-api.md 1.3).
Result<void> check_device_id(std::string_view id);
/// A dotted host name: labels of letters, digits and '-', at most 253 characters (real-clients.md rule 9). No port.
Result<void> check_host_name(std::string_view host, std::string_view what);

/// The form in which ids are compared and stored as keys: ASCII lower case.
std::string id_key(std::string_view id);

/// "0ne" and eight upper-case hexadecimal digits.
std::string make_id_scope(Random& random);

}  // namespace muster::model
