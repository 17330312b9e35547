#pragma once

#include <string>

#include "base/result.h"
#include "muster/environment.h"
#include "muster/http_client.h"
#include "wire/connection_string.h"

namespace muster::cli {

/// What the client commands were told about reaching the service; empty: not given.
struct ConnectionOptions {
  std::string connection_string;
  std::string connection_string_file;
  std::string ca_file;
  std::string connect_to;
};

/// The credentials: --connection-string, --connection-string-file, MUSTER_CONNECTION_STRING,
/// MUSTER_CONNECTION_STRING_FILE, the first that is given. kInvalidArgument when none is, when both flags are, or when
/// the text is malformed; no part of it is repeated in the message.
Result<wire::ConnectionString> find_connection_string(const ConnectionOptions& options, const Environment& environment);

/// CA file and address of the options or, where they are silent, of MUSTER_CA and MUSTER_CONNECT_TO.
HttpClientOptions http_options(const ConnectionOptions& options, const Environment& environment);

}  // namespace muster::cli
