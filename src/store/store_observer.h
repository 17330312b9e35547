#pragma once

#include <chrono>
#include <cstddef>

#include "base/error.h"

namespace muster::store {

/// Told what a store does, so that it can be counted. Called on the store's own threads; must be quick. Outlives the
/// store.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;
  /// `changes` are on disk; `took` is the commit alone, which is mostly the disk's time.
  virtual void committed(std::size_t changes, std::chrono::nanoseconds took) noexcept = 0;
  /// None of `changes` is.
  virtual void commit_failed(std::size_t changes, const Error& why) noexcept = 0;
};

}  // namespace muster::store
