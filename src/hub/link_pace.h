#pragma once

#include <chrono>

namespace muster::hub {

/// The pace at which a hub may be called: a token bucket whose tokens are given out ahead, so that callers need no
/// queue (hub-api.md 5.4). Not thread-safe.
class LinkPace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `per_minute` calls, of which `burst` may come at once.
  LinkPace(int per_minute, int burst);

  /// Takes the next token; it may be used at the returned time, which is `now` when there is one.
  Time take(Time now);
  /// No token before `until`: the hub asked for a pause.
  void hold(Time until);
  /// How long a call that came now would wait.
  [[nodiscard]] std::chrono::steady_clock::duration wait(Time now) const;

  [[nodiscard]] std::chrono::steady_clock::duration interval() const { return interval_; }

 private:
  std::chrono::steady_clock::duration interval_;
  std::chrono::steady_clock::duration burst_;
  Time next_{};  ///< when the token after those taken would be due in a bucket that is never full
  Time held_{};
};

}  // namespace muster::hub
