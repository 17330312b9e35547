#include "hub/job_runner.h"

namespace muster::hub {

JobRunner::~JobRunner() {
  executor_.post([this] {
    stopping_ = true;
    tools_.methods.abandon();
    for (const auto& [key, run] : runs_) run->wake();
  });
  wait_until_idle();
}

void JobRunner::wait_until_idle() {
  std::unique_lock lock(idle_mutex_);
  idle_.wait(lock, [this] { return jobs_ == 0; });
}

Task<Result<std::size_t>> JobRunner::resume() {
  const auto open = co_await tools_.store.open_hub_jobs();
  if (!open) co_return std::unexpected(open.error());
  for (const store::HubJobKey& key : *open) begin(key, JobRun::Origin::kLastProcess);
  co_return open->size();
}

void JobRunner::begin(store::HubJobKey key, JobRun::Origin origin) {
  {
    const std::scoped_lock lock(idle_mutex_);
    ++jobs_;
  }
  executor_.post([this, key = std::move(key), origin] { run(key, origin); });
}

void JobRunner::run(const store::HubJobKey& key, JobRun::Origin origin) {
  OperationRate& rate = rates_.try_emplace({key.instance, key.hub}, settings_.operations_per_second).first->second;
  auto job = std::make_shared<JobRun>(tools_, rate, stopping_, key);
  runs_.emplace(key, job);
  start(job->run(origin), [this, key](bool) { ended(key); });
}

void JobRunner::ended(const store::HubJobKey& key) {
  runs_.erase(key);
  const std::scoped_lock lock(idle_mutex_);
  if (--jobs_ == 0) idle_.notify_all();
}

void JobRunner::wake(store::HubJobKey key) {
  executor_.post([this, key = std::move(key)] {
    if (const auto found = runs_.find(key); found != runs_.end()) found->second->wake();
  });
}

}  // namespace muster::hub
