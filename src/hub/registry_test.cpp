#include "hub/registry.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/device_twins.h"
#include "provisioning/test_world.h"

namespace muster::hub {
namespace {

using model::IfMatch;
using provisioning::testing::World;
using testing::ElementsAre;
using testing::IsEmpty;

boost::json::object parse(std::string_view text) {
  return boost::json::parse(text).get_object();
}

class Observer final : public RegistryObserver {
 public:
  void shut_out(const HubName& /*hub*/, const std::string& device_id) override { out.push_back(device_id); }
  void desired_changed(const HubName& /*hub*/, const model::HubDevice& /*device*/,
                       const boost::json::object& change) override {
    changes.push_back(change);
  }
  std::vector<std::string> out;
  std::vector<boost::json::object> changes;
};

class RegistryTest : public testing::Test {
 protected:
  template <class T>
  static T must(Task<Result<T>> task) {
    auto result = wait_for(std::move(task));
    EXPECT_TRUE(result) << result.error().message;
    return *std::move(result);
  }
  template <class T>
  static ErrorCode fault_of(Task<Result<T>> task) {
    const auto result = wait_for(std::move(task));
    EXPECT_FALSE(result);
    return result ? ErrorCode::kInternal : result.error().code;
  }
  IdentityPut identity(std::string_view body = R"({"deviceId":"d"})") {
    return read_identity(parse(body), "deviceId", world_.random).value();
  }
  auto put(std::string_view body, IfMatch match) { return registry_.put(hub_, identity(body), match); }
  auto patch(std::string_view text, Registry::TwinWrite how = Registry::TwinWrite::kMerge) {
    return registry_.write_twin(hub_, "d", parse(text), how, IfMatch::any());
  }

  World world_;
  HubName hub_{world_.instance(), "hub-a.test"};
  Observer observer_;
  Registry registry_{{world_.store(), world_.clock, world_.random, &observer_}};
  DeviceTwins twins_{world_.store(), world_.clock};
};

TEST_F(RegistryTest, ADeviceIsMadeOnceAndReplacedKnowingly) {
  const auto made = must(put(R"({"deviceId":"d","statusReason":"new"})", IfMatch::absent()));
  EXPECT_EQ(made.status_reason, "new");
  EXPECT_EQ(std::get<model::SasCredential>(made.credential).primary.size(), 32U);
  EXPECT_EQ(fault_of(put(R"({"deviceId":"d"})", IfMatch::absent())), ErrorCode::kConflict);
  EXPECT_EQ(fault_of(put(R"({"deviceId":"d"})", IfMatch::exactly("x"))), ErrorCode::kPreconditionFailed);
  EXPECT_EQ(fault_of(put(R"({"deviceId":"nobody"})", IfMatch::any())), ErrorCode::kNotFound);
  const auto replaced = must(put(R"({"deviceId":"d","status":"disabled"})", IfMatch::exactly(made.etag)));
  EXPECT_EQ(replaced.generation_id, made.generation_id);
  EXPECT_EQ(replaced.status_reason, "") << "what is not given is as if it were new";
  EXPECT_NE(replaced.etag, made.etag);
}

TEST_F(RegistryTest, WhoeverHadTheOldCredentialIsShutOut) {
  must(put(R"({"deviceId":"d","authentication":{"type":"none"}})", IfMatch::absent()));
  must(put(R"({"deviceId":"d","authentication":{"type":"none"},"statusReason":"x"})", IfMatch::any()));
  EXPECT_THAT(observer_.out, IsEmpty());
  must(put(R"({"deviceId":"d","authentication":{"type":"none"},"status":"disabled"})", IfMatch::any()));
  EXPECT_THAT(observer_.out, ElementsAre("d"));
  must(put(R"({"deviceId":"d","authentication":{"type":"sas"},"status":"disabled"})", IfMatch::any()));
  EXPECT_THAT(observer_.out, ElementsAre("d", "d"));
  EXPECT_TRUE(wait_for(registry_.remove(hub_, "d", IfMatch::absent())));
  EXPECT_THAT(observer_.out, ElementsAre("d", "d", "d"));
  EXPECT_EQ(wait_for(registry_.remove(hub_, "d", IfMatch::any())).error().code, ErrorCode::kNotFound);
}

TEST_F(RegistryTest, WhatTheOwnerWritesIsTold) {
  must(put(R"({"deviceId":"d"})", IfMatch::absent()));
  const auto merged = must(patch(R"({"tags":{"site":"north"},"properties":{"desired":{"a":1,"$version":9}}})"));
  EXPECT_EQ(merged.twin.version, 2);
  EXPECT_EQ(merged.twin.desired.version, 2);
  EXPECT_THAT(observer_.changes, ElementsAre(parse(R"({"a":1})")));
  must(patch(R"({"tags":{"line":7}})"));
  EXPECT_EQ(observer_.changes.size(), 1U) << "tags are nothing for the device";
  const auto replaced = must(patch(R"({"properties":{"desired":{"b":2}}})", Registry::TwinWrite::kReplace));
  EXPECT_TRUE(replaced.twin.tags.empty());
  EXPECT_EQ(replaced.twin.desired.values, parse(R"({"b":2})"));
  EXPECT_EQ(observer_.changes.back(), parse(R"({"b":2})"));
  EXPECT_EQ(
      fault_of(registry_.write_twin(hub_, "d", {}, Registry::TwinWrite::kMerge, IfMatch::exactly("AAAAAAAAAAE="))),
      ErrorCode::kPreconditionFailed);
}

TEST_F(RegistryTest, ADeviceReportsAndReadsBothSides) {
  must(put(R"({"deviceId":"d"})", IfMatch::absent()));
  must(patch(R"({"tags":{"secret":1},"properties":{"desired":{"a":1}}})"));
  EXPECT_EQ(must(twins_.report(hub_, "d", parse(R"({"f":"1.2","$version":1})"))), 2);
  EXPECT_EQ(must(twins_.read(hub_, "d")),
            parse(R"({"desired":{"a":1,"$version":2},"reported":{"f":"1.2","$version":2}})"));
  EXPECT_EQ(fault_of(twins_.report(hub_, "d", parse(R"({"a.b":1})"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(fault_of(twins_.report(hub_, "nobody", parse("{}"))), ErrorCode::kNotFound);
  EXPECT_THAT(observer_.out, IsEmpty());
}

}  // namespace
}  // namespace muster::hub
