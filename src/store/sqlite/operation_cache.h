#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/recent_map.h"
#include "store/store.h"

namespace muster::store::sqlite {

/// The last operation of each device that registered lately, with its record: what every registration asks for several
/// times between its first call and its last poll. Thread-safe.
///
/// Only the writer fills it, and only with what is committed. A change drops the device when it writes, so that the
/// changes behind it in the same batch read the database; what it wrote is put after the commit, unless one of those
/// changes dropped the device again. So nobody finds what is not on disk, and after an acknowledged write nobody finds
/// older.
class OperationCache {
 public:
  using Ticket = std::uint64_t;

  explicit OperationCache(std::size_t capacity) : by_device_(capacity), devices_(capacity) {}

  /// Null: read the database.
  SharedOperationState find(const InstanceId& instance, const std::string& operation_id);
  /// The ticket admits the next put() for this device, as long as it is the last one given.
  Ticket drop(const InstanceId& instance, std::string_view registration_id);
  /// `state->registration` is there.
  void put(const InstanceId& instance, SharedOperationState state, Ticket ticket);
  void clear();

 private:
  struct Device {
    SharedOperationState last;  ///< null: dropped
    Ticket ticket = 0;
  };

  std::mutex mutex_;  // protects everything below
  Ticket next_ticket_ = 1;
  RecentMap<Device> by_device_;
  RecentMap<std::string> devices_;  ///< operation to key of its device
};

}  // namespace muster::store::sqlite
