#include "model/hub_job.h"

#include <gtest/gtest.h>

#include "model/json.h"

namespace muster::model {
namespace {

constexpr TimePoint kNow{std::chrono::microseconds(1'768'472'430'123'456)};

TEST(HubJob, IsKeptWithAllItHas) {
  HubJob job{.id = "c7-w1",
             .type = JobType::kTwinUpdate,
             .task = parse_json_object(R"({"etag":"*","tags":{"a":null}})").value(),
             .condition = "*",
             .created = kNow,
             .start = kNow + std::chrono::hours(1),
             .max_execution = std::chrono::seconds(77),
             .status = JobStatus::kScheduled};
  EXPECT_EQ(hub_job_from_stored_json(to_stored_json(job)), job);
  EXPECT_EQ(job.deadline(), kNow + std::chrono::hours(1) + std::chrono::seconds(77));
  job.status = JobStatus::kFailed;
  job.ended = kNow;
  job.failure_reason = "why";
  job.selected_until = "d";
  job.selected = job.begun = true;
  job.open = false;
  job.count = {.all = 5, .pending = 1, .running = 1, .completed = 1, .failed = 1};
  EXPECT_EQ(hub_job_from_stored_json(to_stored_json(job)), job);
}

TEST(HubJob, ItsDevicesAreKeptWithAllTheyHave) {
  DeviceJob device{.job_id = "j", .device_id = "d", .created = kNow, .updated = kNow};
  EXPECT_EQ(device_job_from_stored_json(to_stored_json(device)), device);
  device.type = JobType::kTwinUpdate;
  device.status = DeviceJobStatus::kFailed;
  device.started = device.ended = kNow;
  device.outcome = {{"status", 200}, {"payload", nullptr}};
  device.error_code = "DeviceNotOnline";
  device.error_description = "away";
  EXPECT_EQ(device_job_from_stored_json(to_stored_json(device)), device);
}

TEST(HubJob, DamageIsFound) {
  auto job = to_stored_json(HubJob{.id = "j", .condition = "*"});
  job["status"] = "asleep";
  EXPECT_EQ(hub_job_from_stored_json(job).error().code, ErrorCode::kInternal);
  auto device = to_stored_json(DeviceJob{.job_id = "j", .device_id = "d"});
  device.erase("deviceId");
  EXPECT_EQ(device_job_from_stored_json(device).error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace muster::model
