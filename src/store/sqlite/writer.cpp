#include "store/sqlite/writer.h"

#include <chrono>
#include <exception>

#include "base/log.h"
#include "store/sqlite/rows.h"

namespace muster::store::sqlite {

Writer::Writer(Connection connection, Limits limits, std::move_only_function<void(std::size_t)> wal_grew,
               StoreObserver* observer)
    : connection_(std::move(connection)),
      transaction_(connection_),
      limits_(limits),
      wal_grew_(std::move(wal_grew)),
      observer_(observer),
      thread_([this] { run(); }) {
}

Writer::~Writer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::unique_ptr<Writer::Job> Writer::enqueue(std::unique_ptr<Job> job) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || queue_.size() >= limits_.max_queue) return job;
    queue_.push_back(std::move(job));
    pending_.fetch_add(1, std::memory_order_relaxed);
    wake = queue_.size() == wakes_at_;
  }
  if (wake) wake_.notify_one();
  return nullptr;
}

void Writer::run() {
  batch_.reserve(limits_.max_batch);
  while (wait_for_work()) {
    const auto begun = std::chrono::steady_clock::now();
    auto done = finish(run_batch());
    if (!done) {
      log_error("store.commit-failed", {{"error", done.error().message}, {"detail", done.error().detail}});
      for (auto& job : batch_) job->undo(done.error());
    }
    next_batch_after_ = batch_.size() > 1 ? begun + limits_.gathering : begun;
    deliver_batch();
  }
}

bool Writer::wait_for_work() {
  std::unique_lock lock(mutex_);
  wakes_at_ = limits_.max_batch;
  wake_.wait_until(lock, next_batch_after_, [this] { return stopping_ || queue_.size() >= limits_.max_batch; });
  wakes_at_ = 1;
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  wakes_at_ = 0;
  return !queue_.empty();
}

bool Writer::take_next() {
  const std::scoped_lock lock(mutex_);
  if (queue_.empty() || batch_weight_ >= limits_.max_batch) return false;
  batch_weight_ += queue_.front()->weight();
  batch_.push_back(std::move(queue_.front()));
  queue_.pop_front();
  return true;
}

/// Nearly all changes succeed, or fail before they write, and run without a savepoint, for which SQLite would copy each
/// page that they touch. When one fails half-way, the batch begins anew and each runs in a savepoint.
Result<void> Writer::run_batch() {
  if (auto begun = connection_.run("BEGIN IMMEDIATE"); !begun) {
    while (take_next()) continue;  // their callers have to hear of it
    return std::unexpected(begun.error());
  }
  bool apart = false;
  while (take_next()) {
    Job& job = *batch_.back();
    if (!apart && run_bare(job)) continue;
    auto ran = apart ? run_in_savepoint(job) : begin_anew();
    if (!ran) return ran;
    apart = true;
  }
  return {};
}

/// False when its writes have to be undone, or the transaction is lost.
bool Writer::run_bare(Job& job) {
  const std::size_t hooks = transaction_.hooks_.size();
  const std::int64_t rows = connection_.rows_changed();
  const auto ran = run_job(job);
  if (ran) return true;
  transaction_.hooks_.resize(hooks);
  if (!connection_.in_transaction() || connection_.rows_changed() != rows) return false;
  job.undo(ran.error());
  return true;
}

/// All changes of the batch so far once more, in a new transaction. Fails only when that is lost.
Result<void> Writer::begin_anew() {
  transaction_.hooks_.clear();
  connection_.roll_back();
  if (auto begun = connection_.run("BEGIN IMMEDIATE"); !begun) return std::unexpected(begun.error());
  for (auto& job : batch_) {
    if (auto ran = run_in_savepoint(*job); !ran) return ran;
  }
  return {};
}

/// Fails only when the transaction of the batch is lost.
Result<void> Writer::run_in_savepoint(Job& job) {
  const std::size_t hooks = transaction_.hooks_.size();
  auto ran = without_count(connection_.run("SAVEPOINT change"));
  if (ran) ran = run_job(job);
  if (ran) ran = without_count(connection_.run("RELEASE change"));
  if (ran) return {};
  transaction_.hooks_.resize(hooks);
  if (!connection_.in_transaction()) return ran;
  auto undone = connection_.run("ROLLBACK TO change");
  if (undone) undone = connection_.run("RELEASE change");
  if (!undone) return std::unexpected(undone.error());
  job.undo(ran.error());
  return {};
}

Result<void> Writer::run_job(Job& job) {
  try {
    if (const Error* why = job.run(transaction_)) return std::unexpected(*why);
    return {};
  } catch (const std::exception& thrown) {
    return fail(ErrorCode::kInternal, "The store failed.", thrown.what());
  }
}

Result<void> Writer::finish(Result<void> batch) {
  if (batch) batch = commit();
  if (batch) {
    commits_.fetch_add(1, std::memory_order_relaxed);
    for (auto& hook : transaction_.hooks_) hook();
    wal_grew_(connection_.wal_pages());
  } else {
    connection_.roll_back();
    if (observer_ != nullptr) observer_->commit_failed(batch_.size(), batch.error());
  }
  transaction_.hooks_.clear();
  return batch;
}

Result<void> Writer::commit() {
  const auto begin = std::chrono::steady_clock::now();
  const auto committed = connection_.run("COMMIT");
  if (!committed) return std::unexpected(committed.error());
  if (observer_ != nullptr) observer_->committed(batch_.size(), std::chrono::steady_clock::now() - begin);
  return {};
}

void Writer::deliver_batch() {
  for (auto& job : batch_) {
    pending_.fetch_sub(1, std::memory_order_relaxed);
    job->deliver();
  }
  batch_.clear();
  batch_weight_ = 0;
}

}  // namespace muster::store::sqlite
