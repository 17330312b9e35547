#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "muster/http.h"
#include "muster/octet_channel.h"

namespace muster::cli {

/// A host and a port as users write them: "host", "host:port", "[v6]:port".
struct HostPort {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;

  bool operator==(const HostPort&) const = default;
};

/// kInvalidArgument for any other text.
Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

/// Where to, and what for.
struct TlsTarget {
  HostPort service;           ///< whose certificate is expected
  HttpClientOptions options;  ///< CA file, other address, client certificate, time limits, as for HTTPS
};

/// TLS 1.2 or newer over TCP, server certificate and name always verified. Each wait for the service has the time limit
/// of the options. kUnavailable when there is no connection; kUnsupported when a certificate, key or CA file cannot be
/// used.
Result<std::unique_ptr<OctetChannel>> connect_tls(const TlsTarget& target);

}  // namespace muster::cli
