#pragma once

#include <atomic>

namespace muster::server {

/// A series of a family that is looked up when first needed and is then one atomic load away. Thread-safe; the family
/// keeps the series.
template <class Instrument>
class LazySeries {
 public:
  /// `look_up` returns the same series whoever asks, so that two threads may ask at once.
  template <class LookUp>
  Instrument& get(const LookUp& look_up) {
    if (Instrument* known = known_.load(std::memory_order_acquire); known != nullptr) return *known;
    Instrument& found = look_up();
    known_.store(&found, std::memory_order_release);
    return found;
  }

 private:
  std::atomic<Instrument*> known_ = nullptr;
};

}  // namespace muster::server
