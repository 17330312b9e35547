#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "store/sqlite/connection.h"
#include "store/store_observer.h"

namespace muster::store::sqlite {

/// What a change works in. Its rows become visible and durable with those of the other changes of the batch.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}

  [[nodiscard]] Connection& connection() { return connection_; }
  /// Runs on the writer's thread after the commit and before any result of the batch is delivered; not when the change
  /// or the commit fails. Must not throw.
  void on_commit(std::move_only_function<void()> hook) { hooks_.push_back(std::move(hook)); }

 private:
  friend class Writer;

  Connection& connection_;
  std::vector<std::move_only_function<void()>> hooks_;
};

/// The one thread that writes, with group commit.
///
/// A batch is what waits, up to `max_batch` changes, and ends early when nothing waits. A change that comes alone is
/// committed at once; while changes come from several sides, commits keep `gathering` apart, so that more of them share
/// one: a commit costs as much as several changes. A change that does the work of many counts as many, so that those
/// behind it do not wait for one more of its kind. A failing change undoes only itself; for that, those of its batch
/// may be run again. Results are delivered after the commit; when the commit fails, or a failure made SQLite drop the
/// whole transaction, every change of the batch gets that error. Thread-safe; destruction finishes what was accepted.
class Writer {
 public:
  struct Limits {
    std::size_t max_batch = 128;
    std::size_t max_queue = 20'000;
    std::chrono::microseconds gathering{0};
  };

  /// `wal_grew` gets the pages of the write-ahead log after each commit, on the writer's thread.
  /// `observer` may be null.
  Writer(Connection connection, Limits limits, std::move_only_function<void(std::size_t pages)> wal_grew,
         StoreObserver* observer = nullptr);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Queues a change that counts as `weight` changes of a batch. `deliver` runs once: on the writer's thread, or on
  /// this one with kUnavailable when the queue is full or the writer is stopping. It must not throw.
  template <class T>
  void submit(std::move_only_function<Result<T>(Transaction&)> change, std::move_only_function<void(Result<T>)> deliver,
              std::size_t weight = 1) {
    if (auto refused = enqueue(std::make_unique<Change<T>>(std::move(change), std::move(deliver), weight))) {
      refused->undo({ErrorCode::kUnavailable, "The store is busy."});
      refused->deliver();
    }
  }

  /// Changes accepted and not yet delivered.
  [[nodiscard]] std::size_t pending() const { return pending_.load(std::memory_order_relaxed); }
  /// Transactions committed so far; fewer than changes when commits are grouped.
  [[nodiscard]] std::size_t commits() const { return commits_.load(std::memory_order_relaxed); }

 private:
  class Job {
   public:
    explicit Job(std::size_t weight) : weight_(weight) {}
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual ~Job() = default;

    [[nodiscard]] std::size_t weight() const { return weight_; }
    /// Null: the change is done; else why it has to be undone. Valid until undo() or deliver().
    virtual const Error* run(Transaction& transaction) = 0;
    virtual void undo(const Error& why) = 0;
    virtual void deliver() = 0;

   private:
    std::size_t weight_;
  };

  template <class T>
  class Change final : public Job {
   public:
    Change(std::move_only_function<Result<T>(Transaction&)> change, std::move_only_function<void(Result<T>)> deliver,
           std::size_t weight)
        : Job(weight), change_(std::move(change)), deliver_(std::move(deliver)) {}

    const Error* run(Transaction& transaction) override {
      result_.emplace(change_(transaction));
      return *result_ ? nullptr : &result_->error();
    }
    void undo(const Error& why) override { result_.emplace(std::unexpected(why)); }
    void deliver() override { deliver_(std::move(*result_)); }

   private:
    std::move_only_function<Result<T>(Transaction&)> change_;
    std::move_only_function<void(Result<T>)> deliver_;
    std::optional<Result<T>> result_;
  };

  /// Gives the job back when it is refused.
  std::unique_ptr<Job> enqueue(std::unique_ptr<Job> job);
  void run();
  bool wait_for_work();
  bool take_next();
  Result<void> run_batch();
  bool run_bare(Job& job);
  Result<void> begin_anew();
  Result<void> run_in_savepoint(Job& job);
  Result<void> run_job(Job& job);
  Result<void> finish(Result<void> batch);
  Result<void> commit();
  void deliver_batch();

  Connection connection_;
  Transaction transaction_;
  const Limits limits_;
  std::move_only_function<void(std::size_t)> wal_grew_;
  StoreObserver* const observer_;
  std::vector<std::unique_ptr<Job>> batch_;  // writer's thread only, as are the next two
  std::size_t batch_weight_ = 0;
  std::chrono::steady_clock::time_point next_batch_after_;
  std::atomic<std::size_t> pending_ = 0;
  std::atomic<std::size_t> commits_ = 0;

  std::mutex mutex_;  // protects queue_, stopping_, wakes_at_
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> queue_;
  bool stopping_ = false;
  std::size_t wakes_at_ = 0;  // length of the queue that the writer sleeps for; 0: it is awake

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace muster::store::sqlite
