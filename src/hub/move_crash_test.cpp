// A process that dies at any step of an assignment leaves a device at one hub, with its twin (R-119).

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/temporary_folder.h"
#include "hub/local_hub.h"
#include "model/enrollment_json.h"
#include "provisioning/registrar.h"
#include "provisioning/test_hubs.h"
#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using provisioning::DeviceData;
using provisioning::HubDeviceSpec;
using provisioning::InitialTwin;
using provisioning::PutOutcome;
using provisioning::Registrar;
using provisioning::testing::key_of;
using provisioning::testing::kKeyA;
using provisioning::testing::World;

/// Where a process is to die: at the n-th call of a hub elsewhere, before or after the hub has done it.
struct Death {
  int call = 0;
  bool after = false;
};

/// Hubs elsewhere: device registries in a store of their own, which lives on when the process dies.
class Elsewhere final : public provisioning::testing::QuietHub {
 public:
  Elsewhere(LocalHub& ours, World& world, std::optional<Death> death)
      : ours_(ours), theirs_({world.store(), world.clock, world.random}), death_(death) {}

  Task<Result<PutOutcome>> put_identity(model::InstanceId instance, model::LinkedHub hub, HubDeviceSpec spec) override {
    return step(theirs_.put_identity(std::move(instance), std::move(hub), std::move(spec)));
  }
  Task<Result<void>> write_twin(model::InstanceId instance, model::LinkedHub hub, std::string device_id,
                                InitialTwin twin, TwinWrite how) override {
    return step(theirs_.write_twin(std::move(instance), std::move(hub), std::move(device_id), std::move(twin), how));
  }
  Task<Result<std::optional<DeviceData>>> read_device(model::InstanceId instance, model::LinkedHub hub,
                                                      std::string device_id) override {
    LocalHub& from = hub.kind == model::HubKind::kLocal ? ours_ : theirs_;
    return step(from.read_device(std::move(instance), std::move(hub), std::move(device_id)));
  }
  Task<Result<void>> delete_device(model::InstanceId instance, model::LinkedHub hub, std::string device_id) override {
    return step(theirs_.delete_device(std::move(instance), std::move(hub), std::move(device_id)));
  }
  std::optional<store::HubDeviceChange> stored_put(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                   HubDeviceSpec spec,
                                                   std::optional<provisioning::StoredLeave> leave) override {
    if (hub.kind != model::HubKind::kLocal) return std::nullopt;
    return ours_.stored_put(instance, hub, std::move(spec), std::move(leave));
  }
  std::optional<store::HubDeviceRemoval> stored_removal(const model::InstanceId& instance, const model::LinkedHub& hub,
                                                        std::string device_id, const DeviceData* read) override {
    if (hub.kind != model::HubKind::kLocal) return std::nullopt;
    return ours_.stored_removal(instance, hub, std::move(device_id), read);
  }

 private:
  template <class T>
  Task<Result<T>> step(Task<Result<T>> call) {
    const bool here = death_ && ++calls_ == death_->call;
    if (here && !death_->after) ::_exit(0);
    auto result = co_await call;
    if (here) ::_exit(0);
    co_return result;
  }

  LocalHub& ours_;
  LocalHub theirs_;
  std::optional<Death> death_;
  int calls_ = 0;
};

/// One process over the two stores.
class Process {
 public:
  explicit Process(const std::filesystem::path& folder, std::chrono::minutes later = {},
                   std::optional<Death> death = std::nullopt)
      : ours_(folder / "ours.db"), theirs_(folder / "theirs.db"), elsewhere_(local_, theirs_, death) {
    for (World* world : {&ours_, &theirs_}) world->clock.advance(later);
    std::vector<model::LinkedHub> hubs;
    for (const std::string name : {"own-1.test", "own-2.test", "else-1.test", "else-2.test", "else-3.test"}) {
      model::LinkedHub hub;
      hub.host_name = name;
      hub.kind = name.starts_with("own") ? model::HubKind::kLocal : model::HubKind::kAzure;
      hubs.push_back(std::move(hub));
    }
    ours_.set_hubs(std::move(hubs));
    registrar_.emplace(Registrar::Parts{ours_.store(), elsewhere_, ours_.clock, ours_.random, attempts_},
                       provisioning::AttestationSettings{});
  }

  void send_to(const std::string& hub) {
    ours_.enroll(
        model::EnrollmentKind::kIndividual, "dev-1",
        provisioning::testing::symmetric_body(
            R"(,"allocationPolicy":"static","initialTwin":{"tags":{"site":"first"}},"iotHubs":[")" + hub + "\"]"));
  }
  void register_device() {
    ours_.must(registrar_->register_device(ours_.signed_request("dev-1", key_of(kKeyA))));
    settle();
  }
  void settle() {
    registrar_->wait_until_idle();
    registrar_->tend();
    registrar_->wait_until_idle();
  }
  void resume() {
    ours_.must(registrar_->resume_open_operations());
    settle();
  }
  /// Its owner changes the device's twin.
  void live_at(const std::string& hub) {
    ours_.must(store_of(hub).change_hub_device(ours_.instance(), hub, "dev-1",
                                               [](const model::HubDevice* there) -> Result<model::HubDevice> {
                                                 model::HubDevice next = *there;
                                                 next.twin.tags = {{"site", "moved"}};
                                                 return next;
                                               }));
  }

  std::vector<std::string> places() {
    std::vector<std::string> out;
    for (const auto& hub : ours_.config()->hubs) {
      if (at(hub.host_name)) out.push_back(hub.host_name);
    }
    return out;
  }
  std::optional<model::HubDevice> at(const std::string& hub) {
    return ours_.must(store_of(hub).find_hub_device(ours_.instance(), hub, "dev-1"));
  }
  model::Registration record() { return *ours_.must(ours_.store().find_registration(ours_.instance(), "dev-1")); }
  std::size_t leftovers() {
    std::size_t out = 0;
    for (const auto& hub : ours_.config()->hubs) {
      out += ours_.must(ours_.store().count_hub_leftovers(ours_.instance(), hub.host_name));
    }
    return out;
  }

 private:
  store::Store& store_of(const std::string& hub) { return hub.starts_with("own") ? ours_.store() : theirs_.store(); }

  World ours_;
  World theirs_;
  LocalHub local_{{ours_.store(), ours_.clock, ours_.random}};
  Elsewhere elsewhere_;
  provisioning::AttemptJournal attempts_{ours_.store(), ours_.clock, {}};
  std::optional<Registrar> registrar_;
};

using Pair = std::pair<std::string, std::string>;  // from, to; from empty: the first registration

class MoveCrash : public ::testing::TestWithParam<Pair> {
 protected:
  MoveCrash() { configure_log(LogLevel::kError, LogFormat::kText); }

  /// A process that dies as told; true when it came so far.
  static bool dies(const std::filesystem::path& folder, const Death& death) {
    const pid_t child = ::fork();
    if (child == 0) {
      {
        Process process(folder, std::chrono::minutes(2), death);
        process.send_to(GetParam().second);
        process.register_device();
      }
      ::_exit(1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status) == 0;
  }
  static void prepare(const std::filesystem::path& folder) {
    Process process(folder);
    if (GetParam().first.empty()) return;
    process.send_to(GetParam().first);
    process.register_device();
    process.live_at(GetParam().first);
  }
  static void expect_at(Process& process, const std::string& hub, const std::string& what) {
    EXPECT_THAT(process.places(), ::testing::ElementsAre(hub)) << what;
    EXPECT_EQ(process.record().status, model::RegistrationStatus::kAssigned) << what;
    EXPECT_EQ(process.record().assigned_hub, hub) << what;
    EXPECT_EQ(process.leftovers(), 0U) << what;
    const char* site = GetParam().first.empty() ? "first" : "moved";
    ASSERT_TRUE(process.at(hub)) << what;
    EXPECT_EQ(process.at(hub)->twin.tags, (boost::json::object{{"site", site}})) << what;
  }
  /// Every death there is, until the process lives through it all; `after_restart` is what the next one does.
  template <class AfterRestart>
  static int die_everywhere(const AfterRestart& after_restart) {
    for (int call = 1;; ++call) {
      for (const bool after : {false, true}) {
        const TemporaryFolder folder;
        prepare(folder.path());
        if (!dies(folder.path(), {call, after})) return call - 1;
        Process process(folder.path(), std::chrono::minutes(5));
        after_restart(process, "call " + std::to_string(call) + (after ? " done" : " not done"));
      }
    }
  }
};

TEST_P(MoveCrash, TheDeviceEndsAtTheHubThatItWasOnItsWayTo) {
  const int calls = die_everywhere([](Process& process, const std::string& what) {
    process.resume();
    expect_at(process, GetParam().second, what);
  });
  EXPECT_GE(calls, 1);
}

TEST_P(MoveCrash, TheDeviceEndsWhereItIsSentMeanwhile) {
  die_everywhere([](Process& process, const std::string& what) {
    process.send_to("else-3.test");
    process.resume();
    process.register_device();  // it may have been assigned before the change
    expect_at(process, "else-3.test", what);
  });
}

INSTANTIATE_TEST_SUITE_P(Pairs, MoveCrash,
                         ::testing::Values(Pair("", "else-1.test"), Pair("own-1.test", "own-2.test"),
                                           Pair("own-1.test", "else-1.test"), Pair("else-1.test", "own-1.test"),
                                           Pair("else-1.test", "else-2.test")),
                         [](const auto& info) {
                           std::string name = info.param.first + "To" + info.param.second;
                           std::erase_if(name, [](char c) { return c == '.' || c == '-'; });
                           return name;
                         });

}  // namespace
}  // namespace muster::hub
