#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "crypto/sealing.h"
#include "model/hub_notice.h"
#include "store/row_limits.h"
#include "store/store.h"
#include "store/store_observer.h"

namespace muster::store {

struct SqliteOptions {
  std::filesystem::path path;   ///< the database file; its folder must exist
  std::size_t max_batch = 128;  ///< changes in one commit (spec stack: group commit)
  /// Between commits while changes come from several sides. Each commit writes every page that it touched anew, so that
  /// ten times fewer commits cost a registration a fifth less of all its processor time; a device pauses for a second.
  std::chrono::microseconds gathering{40'000};
  std::size_t max_queue = 20'000;       ///< waiting changes; beyond it writes are kUnavailable at once
  std::size_t wal_limit = 64UL << 20U;  ///< octets of WAL after which a truncating checkpoint runs
  RowLimits limits = {};
  model::HubNoticeSettings notices = {};  ///< what of devices' lives is told in the logs of their hubs
  const Clock* clock = nullptr;           ///< when that was; null: nothing is told
  StoreObserver* observer = nullptr;      ///< told of every commit; outlives the store
};

/// The embedded store: SQLite in WAL mode, synchronous=FULL, one writer thread with group commit, a read connection per
/// calling thread, checkpoints on their own thread. Opens or creates the file, migrates forward in a transaction and
/// refuses a schema newer than this binary (kUnsupported) or a database that is not Muster's (kInvalidArgument).
/// Dropping the store finishes the queued writes and closes the file.
Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options,
                                                 std::shared_ptr<const crypto::Sealer> sealer);

}  // namespace muster::store
