#include "hub/job_run.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace muster::hub {
namespace {

using model::DeviceJob;
using model::DeviceJobStatus;
using model::HubJob;
using model::JobStatus;

constexpr std::size_t kPiece = 250;          ///< devices written in one commit
constexpr std::size_t kBatch = 100;          ///< devices that are begun together
constexpr std::size_t kMostUnderWay = 1000;  ///< a device may take minutes to answer, and each takes room until then
// The clock may be set while a job waits, so what it says is looked at now and then.
constexpr std::chrono::microseconds kLongestPause = std::chrono::minutes(1);
// Devices whose turn has come meanwhile share a commit.
constexpr std::chrono::milliseconds kBetweenBatches{100};
constexpr std::chrono::seconds kAfterFailure{5};
constexpr std::chrono::seconds kBetweenWrites{1};

/// What the next step is told of a change, whether it was made or not.
Result<bool> again(const Result<bool>& changed) {
  if (!changed) return changed;
  return false;
}

}  // namespace

Task<bool> JobRun::run(Origin origin) {
  bool recovered = origin == Origin::kNew;
  while (!stopping_ || under_way_ > 0) {
    if (stopping_) {
      co_await pause_.wait(kLongestPause);
      continue;
    }
    auto next = recovered ? step() : recover();
    const auto done = co_await next;
    if (!done) {
      log_warning("hub.job-delayed", {{"hub", key_.hub},
                                      {"jobId", key_.job_id},
                                      {"error", done.error().message},
                                      {"detail", done.error().detail}});
      co_await pause_.wait(kAfterFailure);
    } else if (*done && recovered) {
      break;
    } else {
      recovered = recovered || *done;
    }
  }
  co_return true;
}

/// A method that a device was asked for may have run or not; asking again could run it twice, so it counts as failed,
/// and whoever reads that decides. A twin is merged with the same once more.
Task<Result<bool>> JobRun::recover() {
  auto devices = co_await tools_.store.find_device_jobs(key_, DeviceJobStatus::kRunning, kPiece);
  if (!devices) co_return std::unexpected(devices.error());
  if (devices->empty()) co_return true;
  for (DeviceJob& device : *devices) {
    device.updated = tools_.clock.now();
    if (device.type == model::JobType::kTwinUpdate) {
      device.status = DeviceJobStatus::kPending;
      continue;
    }
    device.status = DeviceJobStatus::kFailed;
    device.ended = device.updated;
    device.error_code = "JobRunInterrupted";
    device.error_description = "The hub stopped while the device was asked; the method may have run or not.";
  }
  const auto interrupted =
      static_cast<std::uint64_t>(std::ranges::count(*devices, DeviceJobStatus::kFailed, &DeviceJob::status));
  auto put = co_await tools_.store.put_device_jobs(key_.instance, key_.hub, *std::move(devices));
  if (!put) co_return std::unexpected(put.error());
  counters_.job_devices.add(DeviceJobStatus::kFailed, interrupted);
  co_return false;
}

/// What comes after the look at the store must not be suspended before it rests: a change is announced to those who
/// rest.
Task<Result<bool>> JobRun::step() {
  auto found = co_await tools_.store.find_hub_job(key_);
  if (!found) co_return std::unexpected(found.error());
  if (!*found || !(*found)->open) co_return true;
  const auto job = std::make_shared<const HubJob>(**std::move(found));
  const TimePoint now = tools_.clock.now();
  if (job->has_ended()) co_return co_await cancel();
  show(job->status);
  if (now < job->start) co_return co_await rest(job->start - now);
  if (now >= job->deadline()) co_return co_await expire(job);
  if (job->status != JobStatus::kRunning) {
    log_info("hub.job-begun", {{"hub", key_.hub}, {"jobId", key_.job_id}});
    co_return again(co_await change([](HubJob& next) { next.status = JobStatus::kRunning; }, {}));
  }
  if (!job->selected) co_return co_await select(job);
  co_return co_await operate(job);
}

/// The devices of a job are those that fit when it begins.
Task<Result<bool>> JobRun::select(Job job) {
  if (!condition_) {
    auto condition = read_job_condition(job->condition);
    if (!condition) co_return co_await close(JobStatus::kFailed, condition.error().message);
    condition_ = *std::move(condition);
  }
  auto selection = co_await select_devices(tools_.store, tools_.connections, hub(), *condition_, job->selected_until);
  if (!selection) co_return std::unexpected(selection.error());
  std::vector<DeviceJob> devices;
  devices.reserve(selection->device_ids.size());
  const TimePoint now = tools_.clock.now();
  for (std::string& device_id : selection->device_ids) {
    devices.push_back(
        {.job_id = key_.job_id, .type = job->type, .device_id = std::move(device_id), .created = now, .updated = now});
  }
  co_return again(co_await change(
      [until = selection->until, complete = selection->complete](HubJob& next) {
        next.selected_until = until;
        next.selected = complete;
      },
      std::move(devices)));
}

Task<Result<bool>> JobRun::operate(Job job) {
  const std::size_t room = kMostUnderWay - under_way_;
  const TimePoint now = tools_.clock.now();
  if (room == 0) co_return co_await rest(job->deadline() - now);
  auto devices = co_await tools_.store.find_device_jobs(key_, DeviceJobStatus::kPending, std::min(room, kBatch));
  if (!devices) co_return std::unexpected(devices.error());
  if (devices->empty() && under_way_ == 0) co_return co_await close(JobStatus::kCompleted, "");
  if (devices->empty()) co_return co_await rest(job->deadline() - now);
  const std::size_t count = rate_.take(devices->size(), now);
  if (count == 0) {
    const auto turn = std::max<std::chrono::microseconds>(rate_.wait(now), kBetweenBatches);
    co_return co_await rest(std::min(turn, job->deadline() - now));
  }
  devices->resize(count);
  for (DeviceJob& device : *devices) {
    device.status = DeviceJobStatus::kRunning;
    device.started = device.updated = now;
  }
  // On disk before a device is asked: a device that may have been asked is never asked again.
  const auto marked = co_await change([](HubJob& next) { next.begun = true; }, *devices);
  if (!marked) co_return std::unexpected(marked.error());
  if (!*marked) co_return false;
  if (stopping_) co_return co_await put_off(*std::move(devices));
  for (DeviceJob& device : *devices) {
    ++under_way_;
    start(ask(shared_from_this(), job, std::move(device)), [](bool) {});
  }
  co_return false;
}

/// They were marked, and none was asked.
Task<Result<bool>> JobRun::put_off(std::vector<DeviceJob> devices) {
  for (DeviceJob& device : devices) {
    device.status = DeviceJobStatus::kPending;
    device.started.reset();
  }
  const auto put = co_await tools_.store.put_device_jobs(key_.instance, key_.hub, std::move(devices));
  if (!put) co_return std::unexpected(put.error());
  co_return false;
}

Task<bool> JobRun::ask(std::shared_ptr<JobRun> self, Job job, DeviceJob device) {
  device = co_await run_on_device(self->tools_, self->hub(), job, std::move(device));
  while (!self->stopping_) {
    const auto put = co_await self->tools_.store.put_device_jobs(self->key_.instance, self->key_.hub, {device});
    if (put) {
      if (device.status != DeviceJobStatus::kPending) self->counters_.job_devices.add(device.status);
      break;
    }
    log_warning("hub.job-delayed", {{"hub", self->key_.hub},
                                    {"jobId", self->key_.job_id},
                                    {"deviceId", device.device_id},
                                    {"error", put.error().message},
                                    {"detail", put.error().detail}});
    co_await Pause(self->tools_.timers).wait(kBetweenWrites);
  }
  const bool awaited = self->under_way_ == 1 || self->under_way_ == kMostUnderWay;
  --self->under_way_;
  if (awaited) self->pause_.wake();
  co_return true;
}

/// Devices that are being asked may answer still; what they say is kept.
Task<Result<bool>> JobRun::cancel() {
  const auto none = co_await end_pending(DeviceJobStatus::kCanceled, "", "");
  if (!none || !*none) co_return none;
  if (under_way_ > 0) co_return co_await rest(kLongestPause);
  co_return co_await close(JobStatus::kCancelled, "");
}

Task<Result<bool>> JobRun::expire(Job job) {
  const auto none = co_await end_pending(DeviceJobStatus::kFailed, "JobTimeExceeded",
                                         "The job's time was over before the device was asked.");
  if (!none || !*none) co_return none;
  if (under_way_ > 0) co_return co_await rest(kLongestPause);
  if (job->begun) co_return co_await close(JobStatus::kCompleted, "");
  co_return co_await close(JobStatus::kFailed, "The job's time was over before any device was asked.");
}

/// An end that was decided before, by somebody who cancelled the job, stays.
Task<Result<bool>> JobRun::close(JobStatus status, std::string failure_reason) {
  const auto count = co_await tools_.store.count_device_jobs(key_);
  if (!count) co_return std::unexpected(count.error());
  const auto closed = co_await tools_.store.change_hub_job(
      key_,
      [status, failure_reason, count = *count, now = tools_.clock.now()](const HubJob* current) -> Result<HubJob> {
        HubJob next = *current;
        if (!next.has_ended()) {
          next.status = status;
          next.ended = now;
          next.failure_reason = failure_reason;
        }
        next.open = false;
        next.count = count;
        return next;
      },
      {});
  if (!closed) co_return std::unexpected(closed.error());
  show(std::nullopt);
  counters_.ended_jobs.add(closed->status);
  log_info("hub.job-ended", {{"hub", key_.hub},
                             {"jobId", key_.job_id},
                             {"status", std::string(model::name_of(model::kJobStatusNames, closed->status))},
                             {"devices", std::to_string(count->all)},
                             {"completed", std::to_string(count->completed)},
                             {"failed", std::to_string(count->failed)}});
  co_return true;
}

/// False: the job has ended meanwhile, nothing is written, and the next step sees to that.
Task<Result<bool>> JobRun::change(std::function<void(HubJob&)> how, std::vector<DeviceJob> devices) {
  const auto changed = co_await tools_.store.change_hub_job(
      key_,
      [how = std::move(how)](const HubJob* current) -> Result<HubJob> {
        if (current->has_ended()) return fail(ErrorCode::kConflict, "The job has ended.");
        HubJob next = *current;
        how(next);
        return next;
      },
      std::move(devices));
  if (!changed && changed.error().code != ErrorCode::kConflict) co_return std::unexpected(changed.error());
  co_return changed.has_value();
}

/// Devices that were not asked will not be. True: there are none any more.
Task<Result<bool>> JobRun::end_pending(DeviceJobStatus status, std::string error_code, std::string description) {
  auto devices = co_await tools_.store.find_device_jobs(key_, DeviceJobStatus::kPending, kPiece);
  if (!devices) co_return std::unexpected(devices.error());
  if (devices->empty()) co_return true;
  for (DeviceJob& device : *devices) {
    device.status = status;
    device.ended = device.updated = tools_.clock.now();
    device.error_code = error_code;
    device.error_description = description;
  }
  const std::size_t count = devices->size();
  const auto put = co_await tools_.store.put_device_jobs(key_.instance, key_.hub, *std::move(devices));
  if (!put) co_return std::unexpected(put.error());
  counters_.job_devices.add(status, count);
  co_return false;
}

/// Among the jobs of its hub that have not ended.
void JobRun::show(std::optional<JobStatus> status) {
  if (shown_) counters_.jobs.remove(*shown_);
  if (status) counters_.jobs.add(*status);
  shown_ = status;
}

Task<Result<bool>> JobRun::rest(std::chrono::microseconds at_most) {
  co_await pause_.wait(std::min(at_most, kLongestPause));
  co_return false;
}

}  // namespace muster::hub
