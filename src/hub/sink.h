#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "hub/registry.h"
#include "model/hub_event.h"

namespace muster::hub {

/// What became of a batch of events.
struct Delivery {
  enum class Verdict {
    kDone,      ///< all of it is the receiver's
    kLater,     ///< not now: it is away, busy or at fault
    kRefused,   ///< not as it is: the same again would be refused again
    kTooLarge,  ///< not so much at once
  };

  Verdict verdict = Verdict::kDone;
  std::size_t delivered = 0;  ///< events from the front that are the receiver's, also when the rest is not
  std::string reason = {};    ///< for people; never a secret
  std::optional<std::chrono::seconds> pause = {};  ///< what the receiver asked for
};

/// The receiving end of a sink. One batch at a time.
class SinkTarget {
 public:
  virtual ~SinkTarget() = default;
  /// `events` of one hub in their order, at least one, kept by the caller until this ends.
  virtual Task<Delivery> deliver(const HubName& hub, const std::vector<model::HubEvent>& events) = 0;
  /// Ends what is under way soon, with kLater, and everything later. Any thread.
  virtual void stop() = 0;
};

}  // namespace muster::hub
