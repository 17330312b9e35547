#pragma once

#include <string>

#include "base/result.h"
#include "muster/environment.h"
#include "muster/http.h"
#include "wire/connection_string.h"

namespace muster::cli {

/// What the client commands were told about reaching the service; empty: not given.
struct ConnectionOptions {
  std::string connection_string;
  std::string connection_string_file;
  std::string ca_file;
  std::string connect_to;
  std::string profile;
};

/// A service and the way to it.
struct ServiceAccess {
  wire::ConnectionString connection;
  HttpClientOptions http;
};

/// The service that a command is for, by the first of these that is given: --connection-string,
/// --connection-string-file, --profile, MUSTER_CONNECTION_STRING, MUSTER_CONNECTION_STRING_FILE, MUSTER_PROFILE, the
/// current profile. CA file and address come from the options, the environment or the profile, in this order.
/// kInvalidArgument when no service is named, when flags contradict each other, or when the text is malformed; no part
/// of it is repeated in the message.
Result<ServiceAccess> find_service(const ConnectionOptions& options, const Environment& environment);

/// CA file and address of the options or, where they are silent, of MUSTER_CA and MUSTER_CONNECT_TO.
HttpClientOptions http_options(const ConnectionOptions& options, const Environment& environment);

}  // namespace muster::cli
