#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "model/named_value.h"

namespace muster::model {

/// What a job does with each of its devices (hub-api.md 7.1).
enum class JobType { kDeviceMethod, kTwinUpdate };

enum class JobStatus {
  kScheduled,  ///< its start is in the future
  kQueued,     ///< due, and not yet begun
  kRunning,
  kCompleted,  ///< also when single devices failed
  kFailed,     ///< no device was asked
  kCancelled,
};

enum class DeviceJobStatus { kPending, kRunning, kCompleted, kFailed, kCanceled };

/// The spellings differ: a job is cancelled, a device's part of it canceled.
inline constexpr std::array kJobTypeNames{
    NamedValue<JobType>{JobType::kDeviceMethod, "scheduleDeviceMethod"},
    NamedValue<JobType>{JobType::kTwinUpdate, "scheduleUpdateTwin"},
};
inline constexpr std::array kJobStatusNames{
    NamedValue<JobStatus>{JobStatus::kScheduled, "scheduled"},
    NamedValue<JobStatus>{JobStatus::kQueued, "queued"},
    NamedValue<JobStatus>{JobStatus::kRunning, "running"},
    NamedValue<JobStatus>{JobStatus::kCompleted, "completed"},
    NamedValue<JobStatus>{JobStatus::kFailed, "failed"},
    NamedValue<JobStatus>{JobStatus::kCancelled, "cancelled"},
};
inline constexpr std::array kDeviceJobStatusNames{
    NamedValue<DeviceJobStatus>{DeviceJobStatus::kPending, "pending"},
    NamedValue<DeviceJobStatus>{DeviceJobStatus::kRunning, "running"},
    NamedValue<DeviceJobStatus>{DeviceJobStatus::kCompleted, "completed"},
    NamedValue<DeviceJobStatus>{DeviceJobStatus::kFailed, "failed"},
    NamedValue<DeviceJobStatus>{DeviceJobStatus::kCanceled, "canceled"},
};

/// How many devices of a job are in which state; those that were canceled are in `all` only.
struct DeviceJobCount {
  std::uint64_t all = 0;
  std::uint64_t pending = 0;
  std::uint64_t running = 0;
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;

  bool operator==(const DeviceJobCount&) const = default;
};

/// One thing to do with many devices of a hub. Job ids are compared with case.
struct HubJob {
  std::string id;
  JobType type = JobType::kDeviceMethod;
  boost::json::object task = {};  ///< as it was sent: cloudToDeviceMethod or updateTwin
  std::string condition;          ///< which devices, as it was sent
  TimePoint created = {};
  TimePoint start = {};
  std::chrono::seconds max_execution{3600};  ///< from `start`
  JobStatus status = JobStatus::kQueued;
  std::optional<TimePoint> ended = {};
  std::string failure_reason = {};

  std::string selected_until = {};  ///< the last device that was looked at; the selection goes on behind it
  bool selected = false;            ///< all devices were looked at
  bool begun = false;               ///< a device was asked
  bool open = true;                 ///< there is something left to do, also when it has ended: devices to be told so
  DeviceJobCount count = {};        ///< kept when it is not open any more

  [[nodiscard]] bool has_ended() const { return ended.has_value(); }
  [[nodiscard]] TimePoint deadline() const { return start + max_execution; }
  bool operator==(const HubJob&) const = default;
};

/// What became of one device of a job.
struct DeviceJob {
  std::string job_id;
  JobType type = JobType::kDeviceMethod;
  std::string device_id;
  DeviceJobStatus status = DeviceJobStatus::kPending;
  TimePoint created = {};
  TimePoint updated = {};
  std::optional<TimePoint> started = {};
  std::optional<TimePoint> ended = {};
  boost::json::object outcome = {};    ///< completed method: status and payload of the device's answer
  std::string error_code = {};         ///< failed: a name, as in iothub-errorcode
  std::string error_description = {};  ///< failed

  bool operator==(const DeviceJob&) const = default;
};

/// The forms kept in the store. kInternal when damaged.
boost::json::object to_stored_json(const HubJob& job);
Result<HubJob> hub_job_from_stored_json(const boost::json::object& stored);
boost::json::object to_stored_json(const DeviceJob& device);
Result<DeviceJob> device_job_from_stored_json(const boost::json::object& stored);

}  // namespace muster::model
