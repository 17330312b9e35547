#include "model/item_query.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "model/enrollment_json.h"
#include "model/json.h"

namespace muster::model {
namespace {

constexpr std::string_view kItem = R"({
  "registrationId": "Line7-Unit0042", "deviceId": "Pump-42", "provisioningStatus": "enabled",
  "attestation": {"type": "symmetricKey"}, "capabilities": {"iotEdge": true},
  "iotHubs": ["hub-a.example.net"], "allocationPolicy": "geoLatency",
  "initialTwin": {"tags": {"site": "ams", "Floor": 3, "load": 0.5, "spare": null, "big": 18446744073709551615}},
  "createdDateTimeUtc": "2026-03-12T18:42:26.6134020Z", "lastUpdatedDateTimeUtc": "2026-03-12T00:00:00.0000000Z"
})";

bool matches(std::string_view condition, std::string_view item = kItem) {
  const auto query = wire::parse_query("* WHERE " + std::string(condition));
  EXPECT_TRUE(query) << query.error().message;
  return query && ItemFilter(*query->where).matches(parse_json_object(item).value());
}

TEST(ItemFilter, IdsAndEnumeratedMembersCompareWithoutCase) {
  for (const char* condition :
       {"registrationId = 'LINE7-unit0042'", "registrationId IN ('x', 'line7-UNIT0042')",
        "registrationId >= 'LINE7-UNIT' AND registrationId < 'line8'", "provisioningStatus = 'Enabled'",
        "attestation.type = 'SYMMETRICKEY'", "allocationPolicy <> 'STATIC'", "allocationPolicy = 'geolatency'"}) {
    EXPECT_TRUE(matches(condition)) << condition;
  }
  EXPECT_TRUE(matches("enrollmentGroupId = 'LINE7'", R"({"enrollmentGroupId": "line7"})"));
}

TEST(ItemFilter, OtherTextsAndNamesCompareExactly) {
  for (const char* condition :
       {"deviceId = 'Pump-42'", "initialTwin.tags.site = `ams`", "initialTwin.tags.Floor = 3"}) {
    EXPECT_TRUE(matches(condition)) << condition;
  }
  for (const char* condition : {"deviceId = 'pump-42'", "initialTwin.tags.site = 'AMS'", "initialTwin.tags.floor = 3",
                                "RegistrationId = 'line7-unit0042'"}) {
    EXPECT_FALSE(matches(condition)) << condition;
  }
}

TEST(ItemFilter, NumbersCompareByValue) {
  for (const char* condition :
       {"initialTwin.tags.Floor = 3.0", "initialTwin.tags.Floor > 2.5", "initialTwin.tags.Floor <= 3",
        "initialTwin.tags.load < 1", "initialTwin.tags.load >= 0.5", "initialTwin.tags.big > 9223372036854775807",
        "initialTwin.tags.big > -1"}) {
    EXPECT_TRUE(matches(condition)) << condition;
  }
  EXPECT_FALSE(matches("initialTwin.tags.Floor < 3"));
  EXPECT_FALSE(matches("initialTwin.tags.big = -1"));
}

TEST(ItemFilter, FlagsCompareWithFlags) {
  EXPECT_TRUE(matches("capabilities.iotEdge = true"));
  EXPECT_TRUE(matches("capabilities.iotEdge != false"));
  EXPECT_FALSE(matches("capabilities.iotEdge = false"));
  EXPECT_FALSE(matches("capabilities.iotEdge = 1"));
}

TEST(ItemFilter, TimesCompareAsTimes) {
  for (const char* condition :
       {"createdDateTimeUtc = '2026-03-12T18:42:26.613402Z'", "createdDateTimeUtc > '2026-03-12T18:42:26Z'",
        "lastUpdatedDateTimeUtc = '2026-03-12T00:00:00Z'", "lastUpdatedDateTimeUtc >= '2026-03-12T00:00:00Z'",
        "lastUpdatedDateTimeUtc <= '2026-03-12T00:00:00Z'", "createdDateTimeUtc > '2026-03'",
        "createdDateTimeUtc < '2027'"}) {
    EXPECT_TRUE(matches(condition)) << condition;
  }
}

TEST(ItemFilter, WhatIsMissingIsNull) {
  for (const char* condition :
       {"iotHubHostName = null", "initialTwin.tags.spare = null", "initialTwin.tags.nothing = null",
        "deviceId.x.y = null", "attestation.tpm.endorsementKey = null", "deviceId != null", "iotHubHostName != 'x'",
        "iotHubHostName NOT IN ('x', 'y')", "iotHubHostName IN ('x', null)"}) {
    EXPECT_TRUE(matches(condition)) << condition;
  }
  for (const char* condition : {"deviceId = null", "iotHubHostName = 'x'", "iotHubHostName < 'x'", "iotHubHostName > 0",
                                "iotHubHostName <= null AND deviceId = null"}) {
    EXPECT_FALSE(matches(condition)) << condition;
  }
}

TEST(ItemFilter, DifferentTypesAreUnequalAndNeitherIsLess) {
  EXPECT_TRUE(matches("initialTwin.tags.Floor != '3'"));
  for (const char* condition :
       {"initialTwin.tags.Floor = '3'", "initialTwin.tags.Floor < '9'", "initialTwin.tags.site > 0",
        "attestation = 'symmetricKey'", "iotHubs = 'hub-a.example.net'", "attestation = null", "iotHubs >= null"}) {
    EXPECT_FALSE(matches(condition)) << condition;
  }
  EXPECT_TRUE(matches("attestation != null AND iotHubs != null"));
}

TEST(ItemFilter, ConditionsCombine) {
  EXPECT_TRUE(matches("deviceId = 'x' OR attestation.type = 'symmetricKey' AND provisioningStatus = 'enabled'"));
  EXPECT_FALSE(matches("(deviceId = 'x' OR attestation.type = 'symmetricKey') AND provisioningStatus = 'disabled'"));
  EXPECT_TRUE(matches("NOT provisioningStatus = 'disabled' AND NOT (deviceId = 'x' OR deviceId = 'y')"));
  EXPECT_FALSE(matches("NOT registrationId IN ['line7-unit0042']"));
}

TEST(ItemFilter, WorksOnAnEnrollmentAsItIsShown) {
  Enrollment enrollment;
  enrollment.id = "Unit-1";
  enrollment.attestation = TpmAttestation{"AToAAQ==", ""};
  enrollment.iot_edge = false;
  enrollment.preview_members = parse_json_object(R"({"trustBundleId": "t1"})").value();
  const auto shown = to_json(enrollment, EnrollmentView::kPublic);
  const auto text = boost::json::serialize(shown);
  EXPECT_TRUE(matches("attestation.type = 'tpm' AND attestation.tpm.endorsementKey = 'AToAAQ=='", text));
  EXPECT_TRUE(matches("trustBundleId = 't1' AND capabilities.iotEdge = false AND deviceId = null", text));
}

std::string selected(std::string_view members) {
  const auto query = wire::parse_query("SELECT " + std::string(members));
  EXPECT_TRUE(query) << query.error().message;
  return boost::json::serialize(select_members(parse_json_object(kItem).value(), query->select));
}

TEST(SelectMembers, KeepsExactlyThoseInTheirPlaces) {
  EXPECT_EQ(selected("deviceId"), R"({"deviceId":"Pump-42"})");
  EXPECT_EQ(selected("attestation.type, deviceId"), R"({"attestation":{"type":"symmetricKey"},"deviceId":"Pump-42"})");
  EXPECT_EQ(selected("initialTwin.tags.site, initialTwin.tags.Floor"),
            R"({"initialTwin":{"tags":{"site":"ams","Floor":3}}})");
  EXPECT_EQ(selected("attestation, attestation.type, attestation"), R"({"attestation":{"type":"symmetricKey"}})");
  EXPECT_EQ(selected("attestation.type, attestation"), R"({"attestation":{"type":"symmetricKey"}})");
}

TEST(SelectMembers, LeavesOutWhatTheItemLacks) {
  EXPECT_EQ(selected("nothing, deviceId.x, attestation.x509.clientCertificates"), "{}");
}

TEST(SelectMembers, GivesOtherNames) {
  const auto query = wire::parse_query(
      "SELECT attestation.type AS kind, deviceId AS initialTwin, initialTwin.tags.site", wire::QueryLanguage::kHub);
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(boost::json::serialize(select_members(parse_json_object(kItem).value(), query->select)),
            R"({"kind":"symmetricKey","initialTwin":{"tags":{"site":"ams"}}})");
}

bool hub_matches(std::string_view condition, std::string_view item) {
  const auto query = wire::parse_query("* WHERE " + std::string(condition), wire::QueryLanguage::kHub);
  EXPECT_TRUE(query) << query.error().message;
  return ItemFilter(*query->where).matches(parse_json_object(item).value());
}

TEST(ItemFilter, FunctionsLookAtAMember) {  // hub-api.md 1.7
  constexpr std::string_view kTwin =
      R"({"deviceId":"Pump-1","tags":{"site":"north","n":7,"gone":null},"startTimeUtc":"2026-02-01T00:00:01.0000000Z"})";
  EXPECT_TRUE(hub_matches("is_defined(tags.site) AND is_defined(tags) AND is_defined(tags.gone)", kTwin));
  EXPECT_FALSE(hub_matches("is_defined(tags.site.x) OR is_defined(tags.Site) OR is_defined(nothing)", kTwin));
  EXPECT_TRUE(hub_matches("STARTSWITH(deviceId, 'Pump') AND STARTSWITH(deviceId, '')", kTwin));
  EXPECT_TRUE(hub_matches("ENDSWITH(tags.site, 'th') AND ENDSWITH(tags.site, 'north')", kTwin));
  EXPECT_FALSE(hub_matches("STARTSWITH(deviceId, 'pump') OR ENDSWITH(tags.site, 'the north')", kTwin));
  EXPECT_FALSE(hub_matches("STARTSWITH(tags.n, '7') OR ENDSWITH(tags, '') OR STARTSWITH(nothing, '')", kTwin));
  EXPECT_TRUE(hub_matches("tags.n NIN [1, 2] AND nothing NIN ['x'] AND NOT tags.site NIN ['north']", kTwin));
  EXPECT_TRUE(hub_matches("startTimeUtc = '2026-02-01T00:00:01Z' AND STARTSWITH(startTimeUtc, '2026-02')", kTwin));
}

TEST(ItemFilter, TextsThatAConditionRequiresAreKnown) {
  const auto required = [](std::string_view condition) {
    const auto query = wire::parse_query("* WHERE " + std::string(condition), wire::QueryLanguage::kHub);
    return required_texts(*query->where, {"deviceId"});
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(required("deviceId = 'a'"), Texts{"a"});
  EXPECT_EQ(required("tags.x = 1 AND (deviceId IN ['a', 'b', 7] AND tags.y = 2)"), (Texts{"a", "b"}));
  EXPECT_EQ(required("deviceId = null"), Texts{});
  for (const char* open : {"tags.x = 'a'", "deviceId = 'a' OR tags.x = 1", "deviceId != 'a'", "NOT deviceId = 'a'",
                           "deviceId NIN ['a']", "STARTSWITH(deviceId, 'a')", "tags.deviceId = 'a'"}) {
    EXPECT_EQ(required(open), std::nullopt) << open;
  }
}

}  // namespace
}  // namespace muster::model
