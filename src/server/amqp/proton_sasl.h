#pragma once

#include <optional>
#include <string>
#include <vector>

#include <proton/transport.h>

#include "base/bytes.h"

namespace muster::server::amqp {

/// Hears what a peer says in SASL.
class SaslListener {
 public:
  virtual ~SaslListener() = default;
  /// `mechanism`: of its first words only.
  virtual void sasl_input(std::optional<std::string> mechanism, Bytes response) = 0;
};

/// SASL of one server transport, decided elsewhere and whenever it pleases: the engine only carries it.
class ProtonSasl {
 public:
  /// `mechanisms` are offered. `listener` and this outlive the transport.
  ProtonSasl(pn_transport_t* transport, const std::vector<std::string>& mechanisms, SaslListener& listener);

  void challenge(ByteView octets);
  void outcome(bool accepted);

  /// Space-separated.
  [[nodiscard]] const std::string& mechanisms() const { return mechanisms_; }
  SaslListener& listener() { return listener_; }

 private:
  pn_transport_t* transport_;
  std::string mechanisms_;
  SaslListener& listener_;
  Bytes challenge_;  ///< until it is written
};

}  // namespace muster::server::amqp
