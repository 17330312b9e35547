#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/recent_map.h"

namespace muster::store::sqlite {

/// Immutable values read from the database, by key, dropped by the writes that outdate them. Keeps a bounded number of
/// them. Thread-safe.
///
/// A reader that finds nothing reads the database and offers what it read together with the generation it got from
/// find(): when a write was committed in between, the offer is refused, so nobody after that write sees the older
/// state.
template <class T>
class SnapshotCache {
 public:
  struct Found {
    std::shared_ptr<const T> value;  ///< null: read the database
    std::uint64_t generation = 0;
  };

  explicit SnapshotCache(std::size_t capacity) : snapshots_(capacity) {}

  Found find(std::string_view key) {
    const std::scoped_lock lock(mutex_);
    const auto* found = snapshots_.find(key);
    return {found == nullptr ? nullptr : *found, generation_};
  }

  void offer(std::string_view key, std::shared_ptr<const T> value, std::uint64_t generation) {
    const std::scoped_lock lock(mutex_);
    if (generation == generation_) snapshots_.put(key, std::move(value));
  }

  /// To be called between the commit of a write and its acknowledgement.
  void drop(std::string_view key) {
    const std::scoped_lock lock(mutex_);
    ++generation_;
    snapshots_.erase(key);
  }

 private:
  std::mutex mutex_;  // protects everything below
  std::uint64_t generation_ = 0;
  RecentMap<std::shared_ptr<const T>> snapshots_;
};

}  // namespace muster::store::sqlite
