#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/job_operation.h"
#include "hub/job_selection.h"
#include "hub/operation_rate.h"
#include "hub/pause.h"

namespace muster::hub {

/// The life of one job, from its row in the store to the last of its devices (hub-api.md 7.1): waits for its start,
/// writes down its devices, works through them, ends. Every step begins with what is stored, so that a step that failed
/// is done again, a job that was cancelled stops, and a process that died is taken over.
///
/// Used on one executor only. `rate` and `stopping` outlive it.
class JobRun : public std::enable_shared_from_this<JobRun> {
 public:
  enum class Origin {
    kNew,
    kLastProcess,  ///< devices that count as running were asked by a process that is gone
  };

  JobRun(const JobTools& tools, OperationRate& rate, const bool& stopping, store::HubJobKey key)
      : tools_(tools),
        rate_(rate),
        stopping_(stopping),
        key_(std::move(key)),
        counters_(tools.counters.of(key_.hub)),
        pause_(tools.timers) {}
  ~JobRun() { show(std::nullopt); }
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  /// Ends when nothing is left to do, or all is stopping; devices that are being asked are waited for.
  Task<bool> run(Origin origin);
  /// The job was changed, or all is stopping.
  void wake() { pause_.wake(); }

 private:
  using Job = std::shared_ptr<const model::HubJob>;

  // Steps: true when the job has nothing left to do.
  Task<Result<bool>> recover();
  Task<Result<bool>> step();
  Task<Result<bool>> select(Job job);
  Task<Result<bool>> operate(Job job);
  Task<Result<bool>> cancel();
  Task<Result<bool>> expire(Job job);
  Task<Result<bool>> close(model::JobStatus status, std::string failure_reason);

  Task<Result<bool>> change(std::function<void(model::HubJob&)> how, std::vector<model::DeviceJob> devices);
  Task<Result<bool>> put_off(std::vector<model::DeviceJob> devices);
  Task<Result<bool>> end_pending(model::DeviceJobStatus status, std::string error_code, std::string description);
  void show(std::optional<model::JobStatus> status);
  Task<Result<bool>> rest(std::chrono::microseconds at_most);
  static Task<bool> ask(std::shared_ptr<JobRun> self, Job job, model::DeviceJob device);
  [[nodiscard]] HubName hub() const { return {key_.instance, key_.hub}; }

  const JobTools& tools_;
  OperationRate& rate_;
  const bool& stopping_;
  const store::HubJobKey key_;
  HubCounters& counters_;
  Pause pause_;
  std::optional<JobCondition> condition_;  ///< once it was read
  std::size_t under_way_ = 0;              ///< devices that are being asked
  std::optional<model::JobStatus> shown_;  ///< as what it is counted
};

}  // namespace muster::hub
