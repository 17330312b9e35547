#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "load/identity.h"
#include "load/tls_client.h"

namespace muster::bench {

/// What a client does after a reply.
struct Next {
  enum class Kind {
    kAsk,   ///< sends `request` after `delay`
    kWait,  ///< for more answers
    kDone,  ///< closes the connection
    kHold,  ///< keeps the connection, silent, to the end of the run
    kFail,  ///< closes it and counts as failed, because of `request`
  };
  Kind kind = Kind::kDone;
  std::string request;
  std::chrono::milliseconds delay{0};
};

/// What one client of a run says.
class Script {
 public:
  virtual ~Script() = default;
  /// What it presents in the handshake; null: nothing.
  [[nodiscard]] virtual const Identity* identity() const = 0;
  [[nodiscard]] virtual ReadReply read_reply() const = 0;
  virtual std::string first_request() = 0;
  virtual Next on_reply(const Reply& reply) = 0;
};

/// Makes the clients of a run, each index once.
class ScriptSource {
 public:
  virtual ~ScriptSource() = default;
  virtual std::unique_ptr<Script> make(std::size_t index) = 0;
};

}  // namespace muster::bench
