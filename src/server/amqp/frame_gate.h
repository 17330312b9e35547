#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/amqp/condition.h"
#include "wire/amqp/value.h"

namespace muster::server::amqp {

struct GateLimits {
  std::size_t max_frame = std::size_t{64} * 1024;         ///< octets, header included
  std::size_t max_performative = std::size_t{16} * 1024;  ///< of a frame without what a transfer carries
  std::uint16_t channel_max = 8191;                       ///< largest channel number
  std::size_t sessions = 8;                               ///< open at once
  std::size_t links = 16;                                 ///< attached at once, over all sessions
};

/// Looks at every protocol header and frame of a peer before the engine sees it: sizes, well-formedness to the
/// innermost value, order (open, begin, attach, transfer), and that channels, handles and names are used as section 2
/// says. The engine trusts its peers in these points: some of them end its process, others its memory.
///
/// Pure: octets in, verdicts out. Belongs to one connection.
class FrameGate {
 public:
  explicit FrameGate(const GateLimits& limits = {}) : limits_(limits) {}

  /// The size of the protocol header or frame that `received` begins with, which may be passed on; nullopt: more octets
  /// are needed. An error is the end of the connection.
  std::expected<std::optional<std::size_t>, Condition> next(ByteView received);
  /// SASL ended well: a second protocol header follows (5.3.2).
  void authenticated() { stage_ = Stage::kAmqpHeader; }

  /// The first octets are such that no protocol header of AMQP can come of them.
  [[nodiscard]] bool is_foreign() const { return foreign_; }
  /// Nothing of the peer is awaited any more.
  [[nodiscard]] bool is_closed() const { return stage_ == Stage::kClosed; }
  [[nodiscard]] bool is_open() const { return stage_ == Stage::kOpened; }

 private:
  enum class Stage { kAnyHeader, kSasl, kAmqpHeader, kUnopened, kOpened, kClosed };

  using Fields = std::vector<wire::amqp::Value>;
  using Verdict = std::expected<void, Condition>;
  struct Link {
    std::string name;
    bool peer_sends = false;
    bool in_transfer = false;  ///< more frames of a delivery follow
  };
  using Session = std::map<std::uint32_t, Link>;  ///< by handle

  Verdict check_header(ByteView header);
  Verdict check_frame(ByteView frame);
  Verdict check_sasl(std::uint64_t performative);
  Verdict check_performative(std::uint64_t performative, std::uint16_t channel, const Fields& fields);
  Verdict begin(std::uint16_t channel, const Fields& fields);
  Verdict attach(Session& session, const Fields& fields);
  Verdict transfer(Session& session, const Fields& fields);
  [[nodiscard]] std::size_t links() const;

  const GateLimits limits_;
  Stage stage_ = Stage::kAnyHeader;
  bool foreign_ = false;
  bool sasl_begun_ = false;
  std::map<std::uint16_t, Session> sessions_;  ///< by channel
};

}  // namespace muster::server::amqp
