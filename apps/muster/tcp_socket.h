#pragma once

#include <chrono>

#include "base/descriptor.h"
#include "base/result.h"

namespace muster::cli {

struct HostPort;

/// A non-blocking TCP connection. kUnavailable with the system's reason.
Result<Descriptor> connect_tcp(const HostPort& address, std::chrono::milliseconds timeout);

enum class SocketWait { kRead, kWrite };

/// Whether the socket became ready in time.
bool wait_for_socket(int descriptor, SocketWait what, std::chrono::milliseconds timeout);

}  // namespace muster::cli
