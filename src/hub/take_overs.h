#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace muster::hub {

struct TakeOverSettings {
  /// Two devices that use one identity would throw each other out for ever (hub-api.md 2.4).
  std::chrono::milliseconds between = std::chrono::seconds(5);
  /// A contest that lasts for days is told of now and then, and fills no log.
  std::chrono::minutes between_notices = std::chrono::hours(1);
};

/// How often the connection of one device was taken over, or was to be. One take-over is a device that did not notice
/// the end of its last connection; one more right afterwards is most likely somebody else with the same identity. Not
/// thread-safe.
class TakeOvers {
 public:
  /// Since the last time that it was told.
  struct Count {
    std::uint64_t granted = 0;
    std::uint64_t refused = 0;
    TimePoint began = {};
  };

  /// The connection is to be taken over. False: it was a moment ago.
  bool grant(TimePoint now, const TakeOverSettings& settings);
  /// After a refusal: what has gathered, when it is time to tell of it.
  std::optional<Count> take_due(TimePoint now, const TakeOverSettings& settings);

 private:
  Count count_;
  std::optional<TimePoint> last_granted_;
  std::optional<TimePoint> last_told_;
  TimePoint latest_ = {};  ///< either
};

}  // namespace muster::hub
