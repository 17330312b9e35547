#pragma once

#include <chrono>

#include "base/random.h"

namespace muster {

/// How long to wait before trying again: twice as long each time, between half and all of it by chance, so that many
/// that failed together do not come back together.
class BackOff {
 public:
  struct Settings {
    std::chrono::milliseconds first{1000};
    std::chrono::milliseconds most{60'000};
  };

  explicit BackOff(Settings settings) : settings_(settings), step_(settings.first) {}

  std::chrono::milliseconds next(Random& random);
  /// It went well.
  void reset() { step_ = settings_.first; }

 private:
  const Settings settings_;
  std::chrono::milliseconds step_;
};

}  // namespace muster
