#include "hub/jobs.h"

#include <condition_variable>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/job_json.h"
#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using model::DeviceJob;
using model::DeviceJobStatus;
using model::HubJob;
using model::JobStatus;
using provisioning::testing::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Answers methods at once, or keeps the calls.
class Answering final : public DeviceLink {
 public:
  Answering(DirectMethods& methods, HubName hub, std::string id, bool silent)
      : methods_(methods), hub_(std::move(hub)), id_(std::move(id)), silent_(silent) {}

  bool send(std::string topic, std::string payload) override {
    const std::string request = topic.substr(topic.find("$rid=") + 5);
    {
      const std::scoped_lock lock(mutex_);
      ++calls_;
      last_ = request;
    }
    called_.notify_all();
    if (!silent_) methods_.answered(hub_, id_, request, {202, std::move(payload)});
    return true;
  }
  void end() override {}

  void answer_last() {
    std::unique_lock lock(mutex_);
    called_.wait(lock, [this] { return calls_ > 0; });
    const std::string request = last_;
    lock.unlock();
    methods_.answered(hub_, id_, request, {200, ""});
  }
  void wait_for_call() {
    std::unique_lock lock(mutex_);
    called_.wait(lock, [this] { return calls_ > 0; });
  }
  int calls() {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }

 private:
  DirectMethods& methods_;
  const HubName hub_;
  const std::string id_;
  const bool silent_;
  std::mutex mutex_;  // protects everything below
  std::condition_variable called_;
  int calls_ = 0;
  std::string last_;
};

class JobsTest : public testing::Test {
 protected:
  JobsTest() {
    devices_.observe(&*methods_);
    open();
  }

  void open(std::uint32_t per_second = 100'000, std::size_t most_open = 100) {
    runner_.emplace(tools_, JobRunner::Settings{per_second});
    jobs_.emplace(world_.store(), world_.clock, *runner_, Jobs::Settings{most_open});
  }
  /// What a new process does with what this one leaves.
  void restart() {
    runner_.reset();
    open();
    EXPECT_TRUE(wait_for(runner_->resume()));
  }

  void add(const std::string& id, std::string_view tags = "{}") {
    const auto body = boost::json::parse(fmt::format(R"({{"deviceId":"{}"}})", id)).get_object();
    world_.must(registry_.put(hub_, read_identity(body, "deviceId", world_.random).value(), model::IfMatch::absent()));
    const auto twin = boost::json::parse(fmt::format(R"({{"tags":{}}})", tags)).get_object();
    world_.must(registry_.write_twin(hub_, id, twin, Registry::TwinWrite::kMerge, model::IfMatch::any()));
  }
  std::shared_ptr<Answering> connect(const std::string& id, bool silent = false) {
    auto link = std::make_shared<Answering>(*methods_, hub_, id, silent);
    const auto visit = devices_.enter(hub_, id, link, {}, true);
    devices_.subscribe(hub_, id, visit->number, wire::HubFilter::kMethods);
    return link;
  }

  HubJob make(std::string_view members) {
    const auto body = boost::json::parse(fmt::format("{{{}}}", members)).get_object();
    auto job = read_job(body, "j", world_.clock.now());
    EXPECT_TRUE(job) << job.error().message;
    return *std::move(job);
  }
  HubJob method(std::string_view condition, std::string_view more = "") {
    return make(fmt::format(R"("type":"scheduleDeviceMethod","cloudToDeviceMethod":{{"methodName":"m","payload":7}},
                               "queryCondition":"{}"{})",
                            condition, more));
  }
  HubJob twin_update(std::string_view condition, std::string_view etag = "*") {
    return make(fmt::format(R"("type":"scheduleUpdateTwin","updateTwin":{{"etag":"{}","tags":{{"new":1}}}},
                               "queryCondition":"{}")",
                            etag, condition));
  }
  void create(HubJob job) { world_.must(jobs_->create(hub_, std::move(job))); }
  HubJob get() { return world_.must(jobs_->get(hub_, "j")); }
  HubJob ended() {
    runner_->wait_until_idle();
    return get();
  }
  /// "id status" of every device of the job, with the code of its failure.
  std::vector<std::string> rows() {
    const auto page = world_.must(world_.store().list_device_jobs(key_, "", 1000));
    std::vector<std::string> out;
    for (const DeviceJob& device : page.items) {
      out.push_back(fmt::format("{} {}{}{}", device.device_id,
                                model::name_of(model::kDeviceJobStatusNames, device.status),
                                device.error_code.empty() ? "" : " ", device.error_code));
    }
    return out;
  }
  DeviceJob row(const std::string& id) {
    for (const DeviceJob& device : world_.must(world_.store().list_device_jobs(key_, "", 1000)).items) {
      if (device.device_id == id) return device;
    }
    ADD_FAILURE() << id;
    return {};
  }

  World world_;
  const HubName hub_{world_.instance(), "hub-a.test"};
  const store::HubJobKey key_{hub_.instance, hub_.host, "j"};
  Timers timers_;
  LiveDevices devices_{world_.clock};
  AllHubCounters counters_;
  std::optional<DirectMethods> methods_{std::in_place, devices_, timers_, counters_};
  Registry registry_{{world_.store(), world_.clock, world_.random, &devices_}};
  JobTools tools_{world_.store(), world_.clock, timers_, registry_, *methods_, counters_, &devices_};
  std::optional<JobRunner> runner_;
  std::optional<Jobs> jobs_;
};

TEST_F(JobsTest, AMethodIsCalledOnEveryDeviceThatFits) {
  add("a", R"({"wave":1})");
  add("b", R"({"wave":1})");
  add("c", R"({"wave":2})");
  connect("a");
  const auto other = connect("c");
  create(method("tags.wave = 1"));
  const HubJob job = ended();
  EXPECT_EQ(job.status, JobStatus::kCompleted) << "also when a device failed";
  EXPECT_EQ(job.count, (model::DeviceJobCount{.all = 2, .completed = 1, .failed = 1}));
  EXPECT_THAT(rows(), ElementsAre("a completed", "b failed DeviceNotOnline"));
  EXPECT_EQ(boost::json::serialize(row("a").outcome), R"({"status":202,"payload":7})");
  EXPECT_EQ(other->calls(), 0);
}

TEST_F(JobsTest, ATwinIsUpdatedOnEveryDeviceThatFits) {
  for (const char* id : {"a", "b"}) add(id);
  create(twin_update("*"));
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_THAT(rows(), ElementsAre("a completed", "b completed"));
  const auto device = world_.must(registry_.get(hub_, "b"));
  EXPECT_EQ(boost::json::serialize(device.twin.tags), R"({"new":1})");
}

TEST_F(JobsTest, AnEtagOfATwinCounts) {
  add("a");
  create(twin_update("*", "AAAAAAAAAGM="));
  ended();
  EXPECT_THAT(rows(), ElementsAre("a failed PreconditionFailed"));
}

TEST_F(JobsTest, DevicesAreSelectedPageByPage) {
  for (int number = 0; number < 600; ++number) add(fmt::format("d-{:03}", number));
  create(twin_update("*"));
  EXPECT_EQ(ended().count, (model::DeviceJobCount{.all = 600, .completed = 600}));
}

TEST_F(JobsTest, DevicesThatAreNamedAreLookedUp) {
  for (const char* id : {"a", "b", "c"}) add(id);
  create(twin_update("FROM devices WHERE deviceId IN ['c', 'a', 'nobody', 'a']"));
  ended();
  EXPECT_THAT(rows(), ElementsAre("a completed", "c completed"));
}

TEST_F(JobsTest, NoDeviceIsNoFailure) {
  create(method("tags.x = 1"));
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(JobsTest, AJobWaitsForItsStart) {
  add("a");
  const auto link = connect("a");
  const TimePoint start = world_.clock.now() + std::chrono::hours(1);
  create(method("*", fmt::format(R"(,"startTime":"{}")", format_time(start))));
  EXPECT_EQ(get().status, JobStatus::kScheduled);
  world_.clock.advance(std::chrono::minutes(59));
  runner_->wake(key_);
  restart();
  EXPECT_EQ(get().status, JobStatus::kScheduled);
  EXPECT_EQ(link->calls(), 0);
  add("b");
  world_.clock.advance(std::chrono::minutes(1));
  runner_->wake(key_);
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_THAT(rows(), ElementsAre("a completed", "b failed DeviceNotOnline")) << "those of the start, not of before";
}

TEST_F(JobsTest, AnIdIsUsedOnceAndOpenJobsAreLimited) {
  const auto later = fmt::format(R"(,"startTime":"{}")", format_time(world_.clock.now() + std::chrono::hours(1)));
  runner_.reset();
  open(1, 2);
  create(method("*", later));
  EXPECT_EQ(wait_for(jobs_->create(hub_, method("*"))).error().code, ErrorCode::kConflict);
  HubJob second = method("*", later);
  second.id = "k";
  create(second);
  second.id = "l";
  EXPECT_EQ(wait_for(jobs_->create(hub_, second)).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(world_.must(jobs_->cancel(hub_, "k")).status, JobStatus::kCancelled);
}

TEST_F(JobsTest, ACancelledJobAsksNobodyElse) {
  for (const char* id : {"a", "b", "c"}) add(id);
  const auto slow = connect("a", true);
  connect("b");
  runner_.reset();
  open(1);
  create(method("*"));
  slow->wait_for_call();
  const HubJob cancelled = world_.must(jobs_->cancel(hub_, "j"));
  EXPECT_EQ(cancelled.status, JobStatus::kCancelled);
  EXPECT_TRUE(cancelled.has_ended());
  slow->answer_last();
  EXPECT_EQ(ended().status, JobStatus::kCancelled);
  EXPECT_THAT(rows(), ElementsAre("a completed", "b canceled", "c canceled")) << "who was asked may answer";
  EXPECT_EQ(get().count, (model::DeviceJobCount{.all = 3, .completed = 1}));
  EXPECT_EQ(world_.must(jobs_->cancel(hub_, "j")).ended, cancelled.ended) << "once is enough";
}

TEST_F(JobsTest, AJobThatWasNotBegunIsCancelledAtOnce) {
  create(method("*", fmt::format(R"(,"startTime":"{}")", format_time(world_.clock.now() + std::chrono::hours(1)))));
  world_.must(jobs_->cancel(hub_, "j"));
  EXPECT_EQ(ended().status, JobStatus::kCancelled);
  EXPECT_FALSE(get().open);
}

TEST_F(JobsTest, DevicesThatWereNotAskedInTimeFail) {
  for (const char* id : {"a", "b"}) add(id);
  const auto first = connect("a");
  runner_.reset();
  open(1);
  create(method("*", R"(,"maxExecutionTimeInSeconds":60)"));
  // A second's worth is one device; for the next one this clock would have to move.
  first->wait_for_call();
  world_.clock.advance(std::chrono::seconds(60));
  runner_->wake(key_);
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_THAT(rows(), ElementsAre("a completed", "b failed JobTimeExceeded"));
}

TEST_F(JobsTest, AJobWhoseTimeIsOverBeforeItBeginsFails) {
  add("a");
  const TimePoint start = world_.clock.now() + std::chrono::seconds(10);
  create(method("*", fmt::format(R"(,"startTime":"{}","maxExecutionTimeInSeconds":60)", format_time(start))));
  world_.clock.advance(std::chrono::hours(1));
  runner_->wake(key_);
  const HubJob job = ended();
  EXPECT_EQ(job.status, JobStatus::kFailed);
  EXPECT_THAT(job.failure_reason, HasSubstr("before any device was asked"));
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(JobsTest, AMethodWithoutAnswerIsNotWaitedForBeyondTheJob) {
  add("a");
  const auto slow = connect("a", true);
  const TimePoint start = world_.clock.now() - std::chrono::milliseconds(59'999);
  create(method("*", fmt::format(R"(,"startTime":"{}","maxExecutionTimeInSeconds":60)", format_time(start))));
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_EQ(slow->calls(), 1);
  EXPECT_THAT(rows(), ElementsAre("a failed GatewayTimeout"));
}

TEST_F(JobsTest, AMethodWhoseAnswerWasLostIsNotCalledAgain) {
  for (const char* id : {"a", "b"}) add(id);
  const auto slow = connect("a", true);
  runner_.reset();
  open(1);
  create(method("*"));
  slow->wait_for_call();
  connect("b");
  restart();
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_EQ(slow->calls(), 1);
  EXPECT_THAT(rows(), ElementsAre("a failed JobRunInterrupted", "b completed"));
}

TEST_F(JobsTest, ATwinUpdateThatWasInterruptedIsDoneAgain) {
  add("a");
  runner_.reset();
  HubJob job = twin_update("*");
  job.status = JobStatus::kRunning;
  job.selected = job.begun = true;
  world_.must(world_.store().create_hub_job(hub_.instance, hub_.host, job, 1));
  DeviceJob running{.job_id = "j", .type = job.type, .device_id = "a", .status = DeviceJobStatus::kRunning};
  world_.must(world_.store().put_device_jobs(hub_.instance, hub_.host, {running}));
  restart();
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_THAT(rows(), ElementsAre("a completed"));
}

TEST_F(JobsTest, ASelectionThatWasInterruptedGoesOn) {
  for (const char* id : {"a", "b", "c"}) add(id);
  runner_.reset();
  HubJob job = twin_update("*");
  job.status = JobStatus::kRunning;
  job.selected_until = "a";
  world_.must(world_.store().create_hub_job(hub_.instance, hub_.host, job, 1));
  restart();
  EXPECT_EQ(ended().status, JobStatus::kCompleted);
  EXPECT_THAT(rows(), ElementsAre("b completed", "c completed"));
}

TEST_F(JobsTest, ADeviceThatIsGoneFails) {
  add("a");
  runner_.reset();
  HubJob job = method("*");
  job.selected = true;
  world_.must(world_.store().create_hub_job(hub_.instance, hub_.host, job, 1));
  world_.must(world_.store().put_device_jobs(hub_.instance, hub_.host, {{.job_id = "j", .device_id = "gone"}}));
  restart();
  ended();
  EXPECT_THAT(rows(), ElementsAre("gone failed DeviceNotFound"));
}

TEST_F(JobsTest, WhatBecomesOfJobsAndTheirDevicesIsCounted) {
  HubCounters& counters = counters_.of(hub_.host);
  for (const char* id : {"a", "b"}) add(id);
  connect("a");
  create(method("*"));
  ended();
  EXPECT_EQ(counters.job_devices.of(model::DeviceJobStatus::kCompleted), 1U);
  EXPECT_EQ(counters.job_devices.of(model::DeviceJobStatus::kFailed), 1U);
  EXPECT_EQ(counters.methods.of(MethodResult::kAnswered), 1U);
  EXPECT_EQ(counters.methods.of(MethodResult::kOffline), 1U);
  EXPECT_EQ(counters.ended_jobs.of(JobStatus::kCompleted), 1U);

  HubJob later = method("*");
  later.id = "k";
  later.start = world_.clock.now() + std::chrono::hours(1);
  create(std::move(later));
  world_.must(jobs_->cancel(hub_, "k"));
  runner_->wait_until_idle();
  EXPECT_EQ(counters.ended_jobs.of(JobStatus::kCancelled), 1U);
  for (const auto& [status, name] : model::kJobStatusNames) EXPECT_EQ(counters.jobs.of(status), 0U) << name;
}

TEST_F(JobsTest, AnUnknownJobIsNotFound) {
  EXPECT_EQ(wait_for(jobs_->get(hub_, "j")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(wait_for(jobs_->cancel(hub_, "j")).error().code, ErrorCode::kNotFound);
}

TEST_F(JobsTest, JobsAreListedWithTheirDevicesCounted) {
  add("a");
  create(twin_update("*"));
  ended();
  const auto page = world_.must(jobs_->list(hub_, "", 10));
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].count.completed, 1U);
}

}  // namespace
}  // namespace muster::hub
