#include "hub/job_json.h"

#include <utility>

#include <fmt/format.h>

#include "hub/job_selection.h"
#include "hub/method_json.h"
#include "hub/registry.h"
#include "model/ids.h"
#include "model/json.h"
#include "wire/query.h"

namespace muster::hub {
namespace {

namespace json = boost::json;
using model::HubJob;
using model::JobType;

constexpr std::int64_t kUsualSeconds = 3600;              // hub-api.md 7.1
constexpr std::int64_t kLongestSeconds = 30 * 24 * 3600;  // as long as jobs are remembered (hub-api.md 8)

std::string_view task_member(JobType type) {
  return type == JobType::kDeviceMethod ? "cloudToDeviceMethod" : "updateTwin";
}

/// Ids are part of paths and places. "query" is the path of the list (hub-api.md 7.1): such a job could not be read.
Result<void> check_id(const json::object& body, const std::string& id) {
  const auto named = model::optional_string(body, "jobId");
  if (!named) return std::unexpected(named.error());
  if (*named && **named != id) return invalid("jobId: differs from the id in the path");
  if (!model::check_device_id(id)) {
    return invalid("jobId: must be 1 to 128 of letters, digits and -:.+%_#*?!(),=@;$'");
  }
  if (id == "query") return invalid("jobId: query is none");
  return {};
}

Result<JobType> read_type(const json::object& body) {
  const auto text = model::required_string(body, "type");
  if (!text) return std::unexpected(text.error());
  if (const auto type = model::value_named(model::kJobTypeNames, *text)) return *type;
  return invalid(fmt::format("type: must be scheduleDeviceMethod or scheduleUpdateTwin, is {}", *text));
}

Result<json::object> read_task(const json::object& body, JobType type) {
  const auto task = model::optional_object(body, task_member(type));
  if (!task) return std::unexpected(task.error());
  if (*task == nullptr) return invalid(fmt::format("{}: is missing", task_member(type)));
  Result<void> checked;
  if (type == JobType::kDeviceMethod) {
    if (const auto call = read_method_call(**task); !call) checked = std::unexpected(call.error());
  } else {
    checked = check_twin_patch(**task);
    if (const auto etag = model::optional_string(**task, "etag"); !etag) checked = std::unexpected(etag.error());
  }
  if (!checked) return invalid(fmt::format("{}: {}", task_member(type), checked.error().message));
  return **task;
}

Result<std::string> read_condition(const json::object& body) {
  const auto text = model::required_string(body, "queryCondition");
  if (!text) return std::unexpected(text.error());
  if (const auto read = read_job_condition(*text); !read) {
    return invalid(fmt::format("queryCondition: {}", read.error().message));
  }
  return std::string(*text);
}

Result<TimePoint> read_start(const json::object& body, TimePoint now) {
  const auto text = model::optional_string(body, "startTime");
  if (!text) return std::unexpected(text.error());
  if (!*text || (*text)->empty()) return now;
  if (const auto time = parse_time(**text)) return *time;
  return invalid("startTime: must be a time such as 2026-02-01T00:00:00Z");
}

Result<std::chrono::seconds> read_max_execution(const json::object& body) {
  const auto seconds = model::optional_int(body, "maxExecutionTimeInSeconds");
  if (!seconds) return std::unexpected(seconds.error());
  const std::int64_t count = seconds->value_or(kUsualSeconds);
  if (count < 1 || count > kLongestSeconds) {
    return invalid(fmt::format("maxExecutionTimeInSeconds: must be 1 to {}", kLongestSeconds));
  }
  return std::chrono::seconds(count);
}

void put_time(json::object& out, std::string_view member, const std::optional<TimePoint>& time) {
  if (time) out[member] = format_time(*time);
}

}  // namespace

Result<HubJob> read_job(const json::object& body, const std::string& id, TimePoint now) {
  if (auto checked = check_id(body, id); !checked) return std::unexpected(checked.error());
  const auto type = read_type(body);
  if (!type) return std::unexpected(type.error());
  auto task = read_task(body, *type);
  if (!task) return std::unexpected(task.error());
  auto condition = read_condition(body);
  if (!condition) return std::unexpected(condition.error());
  const auto start = read_start(body, now);
  if (!start) return std::unexpected(start.error());
  const auto max_execution = read_max_execution(body);
  if (!max_execution) return std::unexpected(max_execution.error());
  return HubJob{.id = id,
                .type = *type,
                .task = *std::move(task),
                .condition = *std::move(condition),
                .created = now,
                .start = *start,
                .max_execution = *max_execution,
                .status = *start > now ? model::JobStatus::kScheduled : model::JobStatus::kQueued};
}

json::object job_to_json(const HubJob& job) {
  json::object out{{"jobId", job.id},
                   {"type", model::name_of(model::kJobTypeNames, job.type)},
                   {"status", model::name_of(model::kJobStatusNames, job.status)},
                   {"queryCondition", job.condition},
                   {"createdTime", format_time(job.created)},
                   {"startTime", format_time(job.start)},
                   {"maxExecutionTimeInSeconds", job.max_execution.count()},
                   {task_member(job.type), job.task},
                   {"deviceJobStatistics", json::object{{"deviceCount", job.count.all},
                                                        {"failedCount", job.count.failed},
                                                        {"succeededCount", job.count.completed},
                                                        {"runningCount", job.count.running},
                                                        {"pendingCount", job.count.pending}}}};
  put_time(out, "endTime", job.ended);
  if (!job.failure_reason.empty()) out["failureReason"] = job.failure_reason;
  return out;
}

json::object device_job_to_json(const model::DeviceJob& device) {
  json::object out{{"deviceId", device.device_id},
                   {"jobId", device.job_id},
                   {"jobType", model::name_of(model::kJobTypeNames, device.type)},
                   {"status", model::name_of(model::kDeviceJobStatusNames, device.status)},
                   {"createdDateTimeUtc", format_time(device.created)},
                   {"lastUpdatedDateTimeUtc", format_time(device.updated)}};
  put_time(out, "startTimeUtc", device.started);
  put_time(out, "endTimeUtc", device.ended);
  if (!device.outcome.empty()) out["outcome"] = json::object{{"deviceMethodResponse", device.outcome}};
  if (!device.error_code.empty()) {
    out["error"] = json::object{{"code", device.error_code}, {"description", device.error_description}};
  }
  return out;
}

}  // namespace muster::hub
