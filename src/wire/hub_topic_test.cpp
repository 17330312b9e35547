#include "wire/hub_topic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::wire {
namespace {

using testing::ElementsAre;
using testing::Pair;

template <class Topic>
Topic read(std::string_view topic) {
  return std::get<Topic>(parse_device_topic(topic).value());
}

TEST(HubTopic, TelemetryComesInAllForms) {
  for (const std::string_view topic :
       {"devices/d/messages/events", "devices/d/messages/events/", "devices/d/messages/events//"}) {
    EXPECT_EQ(read<TelemetryTopic>(topic).device_id, "d") << topic;
    EXPECT_TRUE(read<TelemetryTopic>(topic).properties.empty()) << topic;
  }
}

TEST(HubTopic, PropertiesAreDecoded) {
  const auto topic = read<TelemetryTopic>(
      "devices/dev1/messages/events/%24.mid=m%201&$.ct=application%2Fjson&k%20v=a%2Fb%26c&plus=a+b&none&empty=");
  EXPECT_THAT(topic.properties,
              ElementsAre(Pair("$.mid", "m 1"), Pair("$.ct", "application/json"), Pair("k v", "a/b&c"),
                          Pair("plus", "a+b"), Pair("none", std::nullopt), Pair("empty", "")));
}

TEST(HubTopic, AnswersAndRequestsHaveTheirIds) {
  const auto answer = read<MethodAnswerTopic>("$iothub/methods/res/202/?$rid=a-1");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.request_id, "a-1");
  EXPECT_EQ(read<TwinGetTopic>("$iothub/twin/GET/?$rid=7").request_id, "7");
  EXPECT_EQ(read<ReportedPatchTopic>("$iothub/twin/PATCH/properties/reported/?$rid=ab%20c").request_id, "ab%20c");
}

TEST(HubTopic, OthersAreNone) {
  for (const std::string_view topic :
       {"", "devices", "devices/", "devices//messages/events", "devices/d", "devices/d/messages",
        "devices/d/messages/eventsx", "devices/d/messages/devicebound/", "devices/d/messages/events/%zz",
        "$iothub/methods/res/x/?$rid=1", "$iothub/methods/res/200/", "$iothub/methods/res/200", "$iothub/twin/GET/",
        "$iothub/twin/GET/?rid=1", "$iothub/twin/PATCH/properties/desired/?$rid=1", "$iothub/methods/POST/x/?$rid=1",
        "other/topic"}) {
    EXPECT_FALSE(parse_device_topic(topic)) << topic;
  }
}

TEST(HubTopic, OnlyTheFiltersOfADeviceCount) {
  EXPECT_EQ(hub_filter("$iothub/methods/POST/#", "d"), HubFilter::kMethods);
  EXPECT_EQ(hub_filter("$iothub/twin/res/#", "d"), HubFilter::kTwinAnswers);
  EXPECT_EQ(hub_filter("$iothub/twin/PATCH/properties/desired/#", "d"), HubFilter::kDesired);
  EXPECT_EQ(hub_filter("devices/d/messages/devicebound/#", "d"), HubFilter::kMessages);
  for (const std::string_view filter : {"devices/e/messages/devicebound/#", "#", "$iothub/#", "devices/+/messages/#"}) {
    EXPECT_FALSE(hub_filter(filter, "d")) << filter;
  }
}

TEST(HubTopic, WhatTheHubPublishesIsCutByClients) {
  EXPECT_EQ(method_topic("reboot", "r-1"), "$iothub/methods/POST/reboot/?$rid=r-1");
  EXPECT_EQ(twin_answer_topic(200, "7"), "$iothub/twin/res/200/?$rid=7");
  EXPECT_EQ(twin_answer_topic(204, "7", 3), "$iothub/twin/res/204/?$rid=7&$version=3");
  EXPECT_EQ(desired_topic(4), "$iothub/twin/PATCH/properties/desired/?$version=4");
  EXPECT_EQ(message_topic("d", {}), "devices/d/messages/devicebound/");
  const PropertyBag bag{{"$.mid", "m 1"}, {"k&", "a=b/+"}, {"empty", ""}, {"flag", std::nullopt}};
  EXPECT_EQ(message_topic("d", bag), "devices/d/messages/devicebound/%24.mid=m%201&k%26=a%3Db%2F%2B&empty=&flag");
  EXPECT_EQ(parse_hub_topic(message_topic("d", bag), "d").value(), HubTopic(MessageTopic{bag}));
}

TEST(HubTopic, DevicesReadWhatTheHubPublishes) {
  EXPECT_EQ(parse_hub_topic(method_topic("reboot", "1a"), "d").value(), HubTopic(MethodCallTopic{"reboot", "1a"}));
  EXPECT_EQ(parse_hub_topic(desired_topic(7), "d").value(), HubTopic(DesiredTopic{7}));
  EXPECT_EQ(parse_hub_topic("devices/d/messages/devicebound/%24.mid=m%201&k=", "d").value(),
            HubTopic(MessageTopic{{{"$.mid", "m 1"}, {"k", ""}}}));
  for (const char* topic : {"", "$iothub/methods/POST/reboot", "$iothub/methods/POST//?$rid=1",
                            "$iothub/methods/POST/reboot/?rid=1", "$iothub/twin/PATCH/properties/desired/?$version=x",
                            "devices/e/messages/devicebound/", "devices/d/messages/devicebound/%zz=1"}) {
    EXPECT_FALSE(parse_hub_topic(topic, "d")) << topic;
  }
}

TEST(HubTopic, WhatDevicesPublishIsRead) {
  EXPECT_EQ(std::get<TelemetryTopic>(parse_device_topic(telemetry_topic("d-1")).value()).device_id, "d-1");
  const auto answer = std::get<MethodAnswerTopic>(parse_device_topic(method_answer_topic(202, "1a")).value());
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.request_id, "1a");
}

TEST(HubTopic, FiltersAreTheSameBothWays) {
  for (const HubFilter filter :
       {HubFilter::kMessages, HubFilter::kMethods, HubFilter::kTwinAnswers, HubFilter::kDesired}) {
    EXPECT_EQ(hub_filter(text_of(filter, "d"), "d"), filter);
  }
}

}  // namespace
}  // namespace muster::wire
