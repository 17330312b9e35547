#include "model/hub_job.h"

#include <utility>

#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::object;

void put_time(object& out, std::string_view member, const std::optional<TimePoint>& time) {
  if (time) out[member] = to_micros(*time);
}

std::optional<TimePoint> time_if_any(const MemberReader& reader, std::string_view member) {
  return reader.has(member) ? std::optional(stored_time(reader, member)) : std::nullopt;
}

object object_or_empty(const MemberReader& reader, std::string_view member) {
  const object* found = reader.object(member);
  return found == nullptr ? object() : *found;
}

object count_to_json(const DeviceJobCount& count) {
  return {{"all", count.all},
          {"pending", count.pending},
          {"running", count.running},
          {"completed", count.completed},
          {"failed", count.failed}};
}

DeviceJobCount count_from_json(const MemberReader& reader) {
  const auto number = [&](std::string_view member) {
    return static_cast<std::uint64_t>(reader.required_number(member));
  };
  return {.all = number("all"),
          .pending = number("pending"),
          .running = number("running"),
          .completed = number("completed"),
          .failed = number("failed")};
}

}  // namespace

object to_stored_json(const HubJob& job) {
  object out{{"id", job.id},
             {"type", name_of(kJobTypeNames, job.type)},
             {"task", job.task},
             {"condition", job.condition},
             {"created", to_micros(job.created)},
             {"start", to_micros(job.start)},
             {"maxExecution", job.max_execution.count()},
             {"status", name_of(kJobStatusNames, job.status)},
             {"selectedUntil", job.selected_until},
             {"selected", job.selected},
             {"begun", job.begun},
             {"open", job.open}};
  put_time(out, "ended", job.ended);
  if (!job.failure_reason.empty()) out["failureReason"] = job.failure_reason;
  if (!job.open) out["count"] = count_to_json(job.count);
  return out;
}

Result<HubJob> hub_job_from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  HubJob out{.id = reader.required_text("id"),
             .type = stored_name(reader, "type", kJobTypeNames),
             .task = object_or_empty(reader, "task"),
             .condition = reader.required_text("condition"),
             .created = stored_time(reader, "created"),
             .start = stored_time(reader, "start"),
             .max_execution = std::chrono::seconds(reader.required_number("maxExecution")),
             .status = stored_name(reader, "status", kJobStatusNames),
             .ended = time_if_any(reader, "ended"),
             .failure_reason = reader.text_or_empty("failureReason"),
             .selected_until = reader.text_or_empty("selectedUntil"),
             .selected = reader.required_flag("selected"),
             .begun = reader.required_flag("begun"),
             .open = reader.required_flag("open")};
  if (const auto count = reader.child("count")) out.count = count_from_json(*count);
  return unless_damaged(fault, std::move(out), "hub job");
}

object to_stored_json(const DeviceJob& device) {
  object out{{"jobId", device.job_id},
             {"type", name_of(kJobTypeNames, device.type)},
             {"deviceId", device.device_id},
             {"status", name_of(kDeviceJobStatusNames, device.status)},
             {"created", to_micros(device.created)},
             {"updated", to_micros(device.updated)}};
  put_time(out, "started", device.started);
  put_time(out, "ended", device.ended);
  if (!device.outcome.empty()) out["outcome"] = device.outcome;
  if (!device.error_code.empty()) {
    out["errorCode"] = device.error_code;
    out["errorDescription"] = device.error_description;
  }
  return out;
}

Result<DeviceJob> device_job_from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  DeviceJob out{.job_id = reader.required_text("jobId"),
                .type = stored_name(reader, "type", kJobTypeNames),
                .device_id = reader.required_text("deviceId"),
                .status = stored_name(reader, "status", kDeviceJobStatusNames),
                .created = stored_time(reader, "created"),
                .updated = stored_time(reader, "updated"),
                .started = time_if_any(reader, "started"),
                .ended = time_if_any(reader, "ended"),
                .outcome = object_or_empty(reader, "outcome"),
                .error_code = reader.text_or_empty("errorCode"),
                .error_description = reader.text_or_empty("errorDescription")};
  return unless_damaged(fault, std::move(out), "device of a hub job");
}

}  // namespace muster::model
