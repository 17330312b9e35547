#include "hub/jobs.h"

#include <utility>

#include <fmt/format.h>

namespace muster::hub {

using model::HubJob;

Task<Result<HubJob>> Jobs::create(HubName hub, HubJob job) {
  const auto created = co_await store_.create_hub_job(hub.instance, hub.host, job, settings_.most_open);
  if (!created) co_return std::unexpected(created.error());
  runner_.begin({hub.instance, hub.host, job.id});
  co_return job;
}

Task<Result<HubJob>> Jobs::get(HubName hub, std::string job_id) {
  auto found = co_await store_.find_hub_job({hub.instance, hub.host, job_id});
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return fail(ErrorCode::kNotFound, fmt::format("There is no job {}.", job_id));
  co_return co_await counted(std::move(hub), **std::move(found));
}

Task<Result<HubJob>> Jobs::cancel(HubName hub, std::string job_id) {
  const store::HubJobKey key{hub.instance, hub.host, std::move(job_id)};
  auto cancelled = co_await store_.change_hub_job(key,
                                                  [now = clock_.now()](const HubJob* current) -> Result<HubJob> {
                                                    HubJob next = *current;
                                                    if (next.has_ended()) return next;
                                                    next.status = model::JobStatus::kCancelled;
                                                    next.ended = now;
                                                    return next;
                                                  },
                                                  {});
  if (!cancelled) co_return cancelled;
  runner_.wake(key);
  co_return co_await counted(std::move(hub), *std::move(cancelled));
}

Task<Result<store::Page<HubJob>>> Jobs::list(HubName hub, std::string after, std::size_t limit) {
  auto page = co_await store_.list_hub_jobs(hub.instance, hub.host, std::move(after), limit);
  if (!page) co_return page;
  for (HubJob& job : page->items) {
    auto with_count = co_await counted(hub, std::move(job));
    if (!with_count) co_return std::unexpected(with_count.error());
    job = *std::move(with_count);
  }
  co_return page;
}

Task<Result<HubJob>> Jobs::counted(HubName hub, HubJob job) {
  if (!job.open) co_return job;
  const auto count = co_await store_.count_device_jobs({hub.instance, hub.host, job.id});
  if (!count) co_return std::unexpected(count.error());
  job.count = *count;
  co_return job;
}

}  // namespace muster::hub
