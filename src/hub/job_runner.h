#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/thread_executor.h"
#include "hub/job_run.h"

namespace muster::hub {

/// Runs the jobs of all hubs, on a thread of its own.
///
/// Lifecycle: one per process. resume() once after the start. Dropping it gives up what devices are being asked, which
/// the next process finds as interrupted, and leaves everything else to it. Thread-safe.
class JobRunner {
 public:
  struct Settings {
    std::uint32_t operations_per_second = 100;  ///< devices of one hub, over all of its jobs
  };

  JobRunner(const JobTools& tools, Settings settings) : tools_(tools), settings_(settings) {}
  ~JobRunner();
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  /// Takes up the jobs that the last process left; returns how many.
  Task<Result<std::size_t>> resume();
  /// A job that is in the store now.
  void begin(store::HubJobKey key) { begin(std::move(key), JobRun::Origin::kNew); }
  /// A job that was changed by somebody else.
  void wake(store::HubJobKey key);

  /// To see whether its thread still works.
  [[nodiscard]] Executor& executor() { return executor_; }
  /// Waits until every job has ended.
  void wait_until_idle();

 private:
  void begin(store::HubJobKey key, JobRun::Origin origin);
  void run(const store::HubJobKey& key, JobRun::Origin origin);
  void ended(const store::HubJobKey& key);

  const JobTools tools_;
  const Settings settings_;
  std::mutex idle_mutex_;  // protects jobs_; with idle_: waiting for it to become 0
  std::condition_variable idle_;
  std::size_t jobs_ = 0;

  // Used on executor_ only.
  bool stopping_ = false;
  std::map<std::pair<model::InstanceId, std::string>, OperationRate> rates_;  ///< by hub
  std::map<store::HubJobKey, std::shared_ptr<JobRun>> runs_;

  ThreadExecutor executor_;  ///< last: ends before what it uses
};

}  // namespace muster::hub
