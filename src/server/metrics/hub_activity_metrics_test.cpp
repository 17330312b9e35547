#include "server/metrics/hub_activity_metrics.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

namespace muster::server {
namespace {

using testing::HasSubstr;
using testing::Not;

class HubActivityMetricsTest : public testing::Test {
 protected:
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, metrics_.Collect());
    return std::move(out).str();
  }

  hub::AllHubCounters counters_;
  HubActivityMetrics metrics_{counters_};
};

TEST_F(HubActivityMetricsTest, AHubBeginsWithZeros) {
  counters_.of("hub.test");
  EXPECT_THAT(text(), HasSubstr("muster_hub_connections_open{iot_hub_name=\"hub.test\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_take_overs_total{iot_hub_name=\"hub.test\",result=\"throttled\"} 0\n"))
      << "an alert needs something to grow from";
}

TEST_F(HubActivityMetricsTest, WhatHappensIsCountedByHubAndResult) {
  hub::HubCounters& hub = counters_.of("hub.test");
  hub.connections = 3;
  hub.connects.add(hub::ConnectResult::kAccepted, 4);
  hub.connects.add(hub::ConnectResult::kRefused);
  hub.take_overs.add(hub::TakeOverResult::kThrottled, 2);
  hub.messages = 50;
  hub.methods.add(hub::MethodResult::kOffline);
  counters_.of("other.test").methods.add(hub::MethodResult::kAnswered);
  EXPECT_THAT(text(), HasSubstr("muster_hub_connections_open{iot_hub_name=\"hub.test\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_connects_total{iot_hub_name=\"hub.test\",result=\"accepted\"} 4\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_connects_total{iot_hub_name=\"hub.test\",result=\"refused\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_take_overs_total{iot_hub_name=\"hub.test\",result=\"throttled\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_messages_total{iot_hub_name=\"hub.test\"} 50\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_methods_total{iot_hub_name=\"hub.test\",result=\"offline\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_methods_total{iot_hub_name=\"other.test\",result=\"answered\"} 1\n"));
}

TEST_F(HubActivityMetricsTest, JobsAreThoseOfNowAndThoseThatEnded) {
  hub::HubCounters& hub = counters_.of("hub.test");
  hub.jobs.add(model::JobStatus::kScheduled);
  hub.jobs.remove(model::JobStatus::kScheduled);
  hub.jobs.add(model::JobStatus::kRunning);
  hub.ended_jobs.add(model::JobStatus::kCancelled);
  hub.job_devices.add(model::DeviceJobStatus::kFailed, 7);
  EXPECT_THAT(text(), HasSubstr("muster_hub_jobs{iot_hub_name=\"hub.test\",status=\"scheduled\"} 0\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_jobs{iot_hub_name=\"hub.test\",status=\"running\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_jobs_ended_total{iot_hub_name=\"hub.test\",status=\"cancelled\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("muster_hub_job_devices_total{iot_hub_name=\"hub.test\",result=\"failed\"} 7\n"));
}

TEST_F(HubActivityMetricsTest, WhoNamesNoHubIsOnlyCountedAsThat) {
  counters_.of("").connects.add(hub::ConnectResult::kThrottled);
  EXPECT_THAT(text(), HasSubstr("muster_hub_connects_total{iot_hub_name=\"\",result=\"throttled\"} 1\n"));
  EXPECT_THAT(text(), Not(HasSubstr("muster_hub_messages_total{")));
}

}  // namespace
}  // namespace muster::server
