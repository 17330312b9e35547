#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace muster::cli {

/// A connection to a service that carries octets both ways and waits for them. Errors say why in words for the user:
/// kUnavailable when the connection is lost or the service too slow.
class OctetChannel {
 public:
  OctetChannel() = default;
  virtual ~OctetChannel() = default;
  OctetChannel(const OctetChannel&) = delete;
  OctetChannel& operator=(const OctetChannel&) = delete;

  /// All of them; what one call sends stays one message where the protocol has messages.
  virtual Result<void> send(ByteView octets) = 0;
  /// Some octets, at least one.
  virtual Result<Bytes> receive() = 0;
  /// The same, and nothing when nothing comes within `wait`.
  virtual Result<Bytes> receive_within(std::chrono::milliseconds wait) = 0;
};

/// Connects, so that the protocols are tested without a network.
using OpenChannel = std::function<Result<std::unique_ptr<OctetChannel>>()>;

}  // namespace muster::cli
