#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/instance.h"
#include "model/registration.h"
#include "server/api/operation_info.h"

namespace muster::server {

/// One line of the access log without its end: a JSON object with the members of R-192. Nothing in it is secret.
/// `instance_name` is empty when the request reached no instance.
std::string operation_record(std::string_view instance_name, const FinishedOperation& operation);

/// The same for the end of a registration, which happens after the register call was answered: OperationName
/// "RegistrationAttempt", CorrelationId of the register call, DurationMs from that call to the record.
std::string registration_record(std::string_view instance_name, const model::Operation& operation,
                                const model::Registration& record, TimePoint at);

/// "13.91.244.XXX"; of an IPv6 address the first half stays: "2001:db8:1:2:XXX".
std::string mask_address(std::string_view address);

/// "2021-10-01" to "October2021"; another text stays as it is.
std::string operation_version(std::string_view api_version);

}  // namespace muster::server
