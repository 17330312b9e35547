#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/sqlite/connection.h"

namespace muster::store::sqlite {

/// Copies the write-ahead log into the database file on its own thread and connection, so that no commit pays for it.
/// It works when told of growth and sleeps otherwise. Failures are logged: the log is safe where it is.
class Checkpointer {
 public:
  /// `wal_limit` in octets: above it the log is copied as a whole and cut, which holds writers for that long.
  Checkpointer(Connection connection, std::size_t wal_limit);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// The pages of the log after a commit. Thread-safe, does not block for long.
  void wal_grew(std::size_t pages);

 private:
  void run();
  /// With mutex_ held.
  [[nodiscard]] bool due() const { return pages_ > limit_ || pages_ >= copied_ + kPassivePages; }
  void checkpoint(CheckpointMode mode);

  /// SQLite's own default: a longer log slows readers, a shorter one costs an fsync too often.
  static constexpr std::size_t kPassivePages = 1000;

  Connection connection_;
  const std::size_t limit_;  // pages

  std::mutex mutex_;  // protects pages_, copied_, stopping_
  std::condition_variable wake_;
  std::size_t pages_ = 0;
  std::size_t copied_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace muster::store::sqlite
