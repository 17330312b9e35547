#include "store/store_contract.h"

namespace muster::store {
namespace {

using model::DeviceJob;
using model::DeviceJobStatus;
using model::HubJob;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kHub = "hub-a.example.net";
constexpr std::size_t kAny = 100;

HubJob make_job(const std::string& id) {
  return {.id = id, .condition = "*", .created = kNow, .start = kNow};
}

DeviceJob make_device_job(const std::string& job_id, const std::string& device_id,
                          DeviceJobStatus status = DeviceJobStatus::kPending) {
  return {.job_id = job_id, .device_id = device_id, .status = status, .created = kNow, .updated = kNow};
}

Change<HubJob> close(TimePoint at) {
  return [at](const HubJob* current) -> Result<HubJob> {
    HubJob next = *current;
    next.status = model::JobStatus::kCompleted;
    next.ended = at;
    next.open = false;
    return next;
  };
}

Change<HubJob> keep() {
  return [](const HubJob* current) -> Result<HubJob> { return *current; };
}

class StoreJobs : public StoreContract {
 protected:
  static HubJobKey key(const std::string& job_id, const std::string& hub = kHub) { return {kInstance, hub, job_id}; }
  Result<void> create(const std::string& id, std::size_t most_open = kAny, const std::string& hub = kHub) {
    return wait_for(store().create_hub_job(kInstance, hub, make_job(id), most_open));
  }
  Result<void> put(std::vector<DeviceJob> devices) {
    return wait_for(store().put_device_jobs(kInstance, kHub, std::move(devices)));
  }
  static std::vector<std::string> names(const std::vector<DeviceJob>& devices) {
    std::vector<std::string> out;
    for (const DeviceJob& device : devices) out.push_back(device.job_id + "/" + device.device_id);
    return out;
  }
};

TEST_P(StoreJobs, AJobIsThereOnce) {
  ASSERT_TRUE(create("j"));
  EXPECT_EQ(code_of(create("j")), ErrorCode::kConflict);
  EXPECT_TRUE(create("J")) << "ids are compared with case";
  EXPECT_TRUE(create("j", kAny, "hub-b.example.net"));
  EXPECT_EQ(wait_for(store().find_hub_job(key("j", "HUB-A.example.net"))).value(), make_job("j"));
  EXPECT_FALSE(wait_for(store().find_hub_job(key("other"))).value());
  reopen();
  EXPECT_EQ(wait_for(store().find_hub_job(key("j"))).value(), make_job("j"));
}

TEST_P(StoreJobs, OpenJobsOfAHubAreLimited) {
  ASSERT_TRUE(create("a", 2) && create("b", 2));
  EXPECT_EQ(code_of(create("c", 2)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code_of(create("b", 2)), ErrorCode::kConflict) << "who asks again hears that it is there";
  EXPECT_TRUE(create("c", 2, "hub-b.example.net"));
  ASSERT_TRUE(wait_for(store().change_hub_job(key("a"), close(kNow), {})));
  EXPECT_TRUE(create("c", 2));
}

TEST_P(StoreJobs, OpenJobsAreFound) {
  ASSERT_TRUE(create("a") && create("b") && create("b", kAny, "hub-b.example.net"));
  ASSERT_TRUE(wait_for(store().change_hub_job(key("a"), close(kNow), {})));
  EXPECT_THAT(wait_for(store().open_hub_jobs()).value(), ElementsAre(key("b"), key("b", "hub-b.example.net")));
}

TEST_P(StoreJobs, AJobChangesTogetherWithItsDevices) {
  ASSERT_TRUE(create("j"));
  const auto refuse = [](const HubJob*) -> Result<HubJob> { return fail(ErrorCode::kPreconditionFailed, "no"); };
  EXPECT_EQ(code_of(wait_for(store().change_hub_job(key("j"), refuse, {make_device_job("j", "d")}))),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(wait_for(store().count_device_jobs(key("j"))).value(), model::DeviceJobCount());
  ASSERT_TRUE(wait_for(store().change_hub_job(key("j"), close(kNow), {make_device_job("j", "d")})));
  EXPECT_FALSE(wait_for(store().find_hub_job(key("j"))).value()->open);
  EXPECT_EQ(wait_for(store().count_device_jobs(key("j")))->all, 1U);
  EXPECT_EQ(code_of(wait_for(store().change_hub_job(key("x"), keep(), {}))), ErrorCode::kNotFound);
}

TEST_P(StoreJobs, JobsAreListedInPages) {
  ASSERT_TRUE(create("a") && create("b") && create("c") && create("d", kAny, "hub-b.example.net"));
  const auto first = wait_for(store().list_hub_jobs(kInstance, kHub, "", 2));
  ASSERT_TRUE(first);
  EXPECT_THAT(first->items, ElementsAre(make_job("a"), make_job("b")));
  const auto second = wait_for(store().list_hub_jobs(kInstance, kHub, first->next, 2));
  EXPECT_THAT(second->items, ElementsAre(make_job("c")));
  EXPECT_EQ(second->next, "");
}

TEST_P(StoreJobs, DevicesOfAJobAreFoundByTheirState) {
  ASSERT_TRUE(put({make_device_job("j", "c"), make_device_job("j", "a"), make_device_job("j", "b"),
                   make_device_job("k", "a"), make_device_job("j", "f", DeviceJobStatus::kFailed)}));
  ASSERT_TRUE(put({make_device_job("j", "a", DeviceJobStatus::kRunning)}));
  EXPECT_THAT(names(wait_for(store().find_device_jobs(key("j"), DeviceJobStatus::kPending, 9)).value()),
              ElementsAre("j/b", "j/c"));
  EXPECT_THAT(names(wait_for(store().find_device_jobs(key("j"), DeviceJobStatus::kPending, 1)).value()),
              ElementsAre("j/b"));
  EXPECT_THAT(names(wait_for(store().find_device_jobs(key("j"), DeviceJobStatus::kCanceled, 9)).value()), IsEmpty());
  ASSERT_TRUE(put(
      {make_device_job("j", "b", DeviceJobStatus::kCompleted), make_device_job("j", "c", DeviceJobStatus::kCanceled)}));
  EXPECT_EQ(wait_for(store().count_device_jobs(key("j", "HUB-A.example.net"))).value(),
            (model::DeviceJobCount{.all = 4, .pending = 0, .running = 1, .completed = 1, .failed = 1}));
}

TEST_P(StoreJobs, DevicesAreListedInPagesOverJobs) {
  ASSERT_TRUE(put(
      {make_device_job("j", "a"), make_device_job("j", "b"), make_device_job("j-2", "a"), make_device_job("k", "a")}));
  const auto first = wait_for(store().list_device_jobs(key(""), "", 3));
  EXPECT_THAT(names(first->items), ElementsAre("j/a", "j/b", "j-2/a"));
  const auto second = wait_for(store().list_device_jobs(key(""), first->next, 3));
  EXPECT_THAT(names(second->items), ElementsAre("k/a"));
  EXPECT_EQ(second->next, "");
  const auto one = wait_for(store().list_device_jobs(key("j"), "", 1));
  EXPECT_THAT(names(one->items), ElementsAre("j/a"));
  const auto rest = wait_for(store().list_device_jobs(key("j"), one->next, 9));
  EXPECT_THAT(names(rest->items), ElementsAre("j/b"));
}

TEST_P(StoreJobs, EndedJobsAreForgottenWithTheirDevices) {
  ASSERT_TRUE(create("old") && create("new") && create("open"));
  ASSERT_TRUE(put({make_device_job("old", "a"), make_device_job("old", "b"), make_device_job("new", "a"),
                   make_device_job("open", "a")}));
  ASSERT_TRUE(wait_for(store().change_hub_job(key("old"), close(kNow - std::chrono::hours(1)), {})));
  ASSERT_TRUE(wait_for(store().change_hub_job(key("new"), close(kNow), {})));
  EXPECT_EQ(wait_for(store().purge_hub_jobs(kNow)).value(), 1U);
  EXPECT_FALSE(wait_for(store().find_hub_job(key("old"))).value());
  EXPECT_THAT(names(wait_for(store().list_device_jobs(key(""), "", 9))->items), ElementsAre("new/a", "open/a"));
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreJobs, testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace muster::store
