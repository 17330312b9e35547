#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"
#include "base/thread_executor.h"
#include "provisioning/decision.h"
#include "provisioning/request.h"
#include "provisioning/settings.h"
#include "store/store.h"

namespace muster::provisioning {

/// Keeps what devices tried, for explanations. Writing is not waited for: an answer to a device never depends on it.
///
/// Lifecycle: one per process; dropping it waits for the writes under way. Thread-safe.
class AttemptJournal {
 public:
  AttemptJournal(store::Store& store, const Clock& clock, AttemptRetention retention);
  ~AttemptJournal();
  AttemptJournal(const AttemptJournal&) = delete;
  AttemptJournal& operator=(const AttemptJournal&) = delete;

  [[nodiscard]] bool keeps_any() const { return retention_.keep > 0; }
  /// Hands an attempt to the store. When too many wait for the store it is dropped, and the log says so.
  void add(const model::InstanceId& instance, model::Attempt attempt);
  /// Counts an attempt that was written together with its registration.
  void note_written();
  /// Drops the oldest attempts beyond the retention; also done by itself when many have come.
  Task<Result<std::size_t>> trim();
  /// Waits until what was added is on disk or dropped.
  void wait_until_written();

 private:
  void write(const model::InstanceId& instance, model::Attempt attempt);
  void finished();

  store::Store& store_;
  const Clock& clock_;
  const AttemptRetention retention_;
  std::atomic<std::size_t> since_trim_ = 0;
  std::atomic<std::size_t> waiting_ = 0;
  std::mutex mutex_;  // with written_: waiting for waiting_ to become 0
  std::condition_variable written_;
  ThreadExecutor executor_;  ///< last: ends before what it uses
};

/// What is known of a call before it is judged.
model::Attempt attempt_of(const DeviceRequest& request, std::string call);
/// The same with what was decided and why; for a refusal and for a disabled enrollment that is the end of it.
model::Attempt attempt_of(const DeviceRequest& request, std::string call, const Decision& decision,
                          std::vector<model::Finding> findings);
/// What is left of an attempt whose process ended before it did.
model::Attempt attempt_of(const model::Operation& operation);

}  // namespace muster::provisioning
