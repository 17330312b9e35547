#pragma once

#include <atomic>
#include <cstdint>

namespace muster::server {

/// What the server has seen since its start. Written by its threads, readable from any.
struct ServerCounters {
  std::atomic<std::uint64_t> accepted = 0;           ///< connections taken from the kernel
  std::atomic<std::uint64_t> refused_by_limit = 0;   ///< of these, closed at once by ConnectionLimits
  std::atomic<std::uint64_t> accept_errors = 0;      ///< the kernel could not give one: out of descriptors, of memory
  std::atomic<std::uint64_t> open = 0;               ///< connections now
  std::atomic<std::uint64_t> handshakes_done = 0;    ///< TLS is up (without TLS: connections)
  std::atomic<std::uint64_t> handshakes_failed = 0;  ///< no TLS, or not in time
  std::atomic<std::uint64_t> requests = 0;           ///< handed to the handler
  std::atomic<std::uint64_t> refused_requests = 0;   ///< answered by HttpHandler::refuse
};

}  // namespace muster::server
