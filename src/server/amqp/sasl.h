#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"

namespace muster::server::amqp {

/// Our octets of one SASL frame: the frame may have 512 (AMQP 1.0 section 5.3.1), its header and performative take the
/// rest.
inline constexpr std::size_t kLargestChallenge = 480;

/// What the server says next in a SASL exchange.
struct SaslStep {
  enum class Kind { kChallenge, kAccepted, kRefused };
  Kind kind = Kind::kRefused;
  Bytes challenge = {};  ///< of kChallenge; kLargestChallenge octets at most
};

/// One peer's way through a mechanism. Called on the connection's thread; the answer may take its time, and nothing is
/// read from the peer meanwhile.
class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  /// `response`: the initial response of the peer first (it may be empty), then its answers to challenges.
  virtual Task<SaslStep> step(Bytes response) = 0;
};

/// The mechanisms that are offered to one peer. What an exchange finds out stays with whoever made it.
class SaslMechanisms {
 public:
  virtual ~SaslMechanisms() = default;
  /// In order of preference; at least one.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// Null for a mechanism that is not offered.
  virtual std::unique_ptr<SaslExchange> begin(std::string_view mechanism) = 0;
};

}  // namespace muster::server::amqp
