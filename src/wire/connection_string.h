#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace muster::wire {

/// HostName=..;SharedAccessKeyName=..;SharedAccessKey=.. (service-api.md 1.1). The host may carry ":port".
struct ConnectionString {
  std::string host_name;
  std::string key_name;
  SecretBytes key;
};

/// Key names as in Azure, without regard to case; unknown members are an error that names them.
Result<ConnectionString> parse_connection_string(std::string_view text);
/// The text form; a secret.
std::string format_connection_string(const ConnectionString& value);

}  // namespace muster::wire
