#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "model/ids.h"

namespace muster::store::sqlite {

/// Immutable snapshots by instance, dropped by the writes that outdate them. Thread-safe.
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

  Found find(const model::InstanceId& instance) const {
    const std::scoped_lock lock(mutex_);
    const auto found = snapshots_.find(instance);
    return {found == snapshots_.end() ? nullptr : found->second, generation_};
  }

  void offer(const model::InstanceId& instance, std::shared_ptr<const T> value, std::uint64_t generation) {
    const std::scoped_lock lock(mutex_);
    if (generation == generation_) snapshots_[instance] = std::move(value);
  }

  /// To be called between the commit of a write and its acknowledgement.
  void drop(const model::InstanceId& instance) {
    const std::scoped_lock lock(mutex_);
    ++generation_;
    snapshots_.erase(instance);
  }

 private:
  mutable std::mutex mutex_;  // protects everything below
  std::uint64_t generation_ = 0;
  std::unordered_map<model::InstanceId, std::shared_ptr<const T>> snapshots_;
};

}  // namespace muster::store::sqlite
