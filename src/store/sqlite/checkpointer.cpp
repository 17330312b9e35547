#include "store/sqlite/checkpointer.h"

#include "base/log.h"

namespace muster::store::sqlite {
namespace {

constexpr std::size_t kPageSize = 4096;
/// While a cutting checkpoint waits for readers it holds the writer, so it soon gives up and is tried again later.
constexpr int kBusyTimeoutMilliseconds = 100;

}  // namespace

Checkpointer::Checkpointer(Connection connection, std::size_t wal_limit)
    : connection_(std::move(connection)), limit_(wal_limit / kPageSize) {
  connection_.set_busy_timeout(kBusyTimeoutMilliseconds);
  thread_ = std::thread([this] { run(); });
}

Checkpointer::~Checkpointer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Checkpointer::wal_grew(std::size_t pages) {
  {
    const std::scoped_lock lock(mutex_);
    if (pages < pages_) copied_ = 0;  // the log has begun anew
    if (pages == pages_) return;
    pages_ = pages;
    if (!due()) return;
  }
  wake_.notify_one();
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || due(); });
    if (stopping_) return;
    const std::size_t pages = pages_;
    lock.unlock();
    checkpoint(pages > limit_ ? CheckpointMode::kTruncate : CheckpointMode::kPassive);
    lock.lock();
    // Whatever came of it, the next attempt waits for growth.
    if (pages > limit_ && pages_ == pages) {
      pages_ = 0;
      copied_ = 0;
    } else {
      copied_ = pages;
    }
  }
}

void Checkpointer::checkpoint(CheckpointMode mode) {
  const auto copied = connection_.checkpoint(mode);
  if (!copied && copied.error().code != ErrorCode::kUnavailable) {
    log_warning("store.checkpoint-failed", {{"error", copied.error().message}, {"detail", copied.error().detail}});
  }
}

}  // namespace muster::store::sqlite
