#include "model/registration.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace muster::model {
namespace {

using boost::json::serialize;

Registration record(RegistrationStatus status) {
  return {.registration_id = "line7-unit0042",
          .status = status,
          .substatus = Substatus::kInitialAssignment,
          .assigned_hub = "hub-a.example.net",
          .device_id = "pump-0042",
          .error_code = 400207,
          .error_message = "Custom allocation failed with status code: 400",
          .payload = boost::json::parse(R"({"profile":"b"})"),
          .enrollment_kind = EnrollmentKind::kGroup,
          .enrollment_id = "Line7",
          .attestation = "x509",
          .etag = "abc=",
          .created = TimePoint(std::chrono::seconds(1)),
          .updated = TimePoint(std::chrono::microseconds(2'000'001))};
}

TEST(RegistrationJson, OfAnUnassignedDeviceIsBare) {  // service-api.md 5
  EXPECT_EQ(serialize(to_json(record(RegistrationStatus::kUnassigned))),
            R"({"registrationId":"line7-unit0042","status":"unassigned"})");
}

TEST(RegistrationJson, OfAnAssignedDeviceShowsHubAndPayload) {  // device-api.md 3.5
  EXPECT_EQ(serialize(to_json(record(RegistrationStatus::kAssigned))),
            R"({"registrationId":"line7-unit0042","createdDateTimeUtc":"1970-01-01T00:00:01.0000000Z",)"
            R"("assignedHub":"hub-a.example.net","deviceId":"pump-0042","status":"assigned",)"
            R"("substatus":"initialAssignment","lastUpdatedDateTimeUtc":"1970-01-01T00:00:02.0000010Z",)"
            R"("etag":"abc=","payload":{"profile":"b"}})");
}

TEST(RegistrationJson, OfADisabledDeviceShowsFourMembers) {  // service-api.md 5
  EXPECT_EQ(serialize(to_json(record(RegistrationStatus::kDisabled))),
            R"({"registrationId":"line7-unit0042","status":"disabled",)"
            R"("lastUpdatedDateTimeUtc":"1970-01-01T00:00:02.0000010Z","etag":"abc="})");
}

TEST(RegistrationJson, OfAFailedDeviceShowsTheErrorButNoHub) {  // device-api.md 3.5
  EXPECT_EQ(
      serialize(to_json(record(RegistrationStatus::kFailed))),
      R"({"registrationId":"line7-unit0042","createdDateTimeUtc":"1970-01-01T00:00:01.0000000Z","status":"failed",)"
      R"("errorCode":400207,"errorMessage":"Custom allocation failed with status code: 400",)"
      R"("lastUpdatedDateTimeUtc":"1970-01-01T00:00:02.0000010Z","etag":"abc="})");
}

TEST(RegistrationJson, WhileAssigningHidesTheLastAssignment) {
  const auto json = to_json(record(RegistrationStatus::kAssigning));
  for (std::string_view hidden : {"assignedHub", "deviceId", "substatus", "errorCode", "errorMessage", "payload"}) {
    EXPECT_FALSE(json.contains(hidden)) << hidden;
  }
}

TEST(RegistrationJson, NeverHasNullMembers) {  // device-api.md 3.5
  for (RegistrationStatus status : {RegistrationStatus::kAssigning, RegistrationStatus::kAssigned,
                                    RegistrationStatus::kFailed, RegistrationStatus::kDisabled}) {
    Registration bare;
    bare.status = status;
    bare.payload = boost::json::value(nullptr);
    const auto json = to_json(bare);
    for (const auto& member : json) EXPECT_FALSE(member.value().is_null()) << member.key();
  }
}

template <class T>
boost::json::object stored(const T& value) {
  return boost::json::parse(to_stored_text(value)).get_object();
}

TEST(StoredRegistration, SurvivesWritingAndReading) {
  for (RegistrationStatus status :
       {RegistrationStatus::kUnassigned, RegistrationStatus::kAssigning, RegistrationStatus::kAssigned,
        RegistrationStatus::kFailed, RegistrationStatus::kDisabled}) {
    for (std::optional<Substatus> substatus :
         {std::optional<Substatus>(), std::optional(Substatus::kInitialAssignment),
          std::optional(Substatus::kDeviceDataReset), std::optional(Substatus::kDeviceDataMigrated),
          std::optional(Substatus::kReprovisionedToInitialAssignment)}) {
      for (const std::optional<boost::json::value>& payload :
           {std::optional<boost::json::value>(), std::optional<boost::json::value>(boost::json::value(nullptr)),
            std::optional<boost::json::value>(boost::json::parse(R"([1,{"a":null}])"))}) {
        Registration value = record(status);
        value.substatus = substatus;
        value.payload = payload;
        EXPECT_EQ(registration_from_stored_json(stored(value)), value);
      }
    }
  }
  EXPECT_EQ(registration_from_stored_json(stored(Registration())), Registration());
}

TEST(StoredOperation, SurvivesWritingAndReading) {
  Operation value{.id = "5.316aac5bdc130deb.b1e02da8-c3a0-4ff2-a121-7ea7a6b7f550",
                  .registration_id = "Dev-1",
                  .enrollment_kind = EnrollmentKind::kGroup,
                  .enrollment_id = "line7",
                  .attestation = "x509",
                  .thumbprint = "AB",
                  .challenge = "018f3e5e-52a7-7f1a-9e55-6b2b0f8f6a11",
                  .api_version = "2019-03-31",
                  .payload = boost::json::parse(R"("text")"),
                  .tracking_id = "5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11",
                  .peer_address = "192.0.2.1",
                  .open = true,
                  .begun = TimePoint(std::chrono::microseconds(1'234'567'890'123'456))};
  EXPECT_EQ(operation_from_stored_json(stored(value)), value);
  value.open = false;
  value.payload.reset();
  EXPECT_EQ(operation_from_stored_json(stored(value)), value);
}

TEST(StoredRegistration, IsRefusedWhenDamaged) {
  const auto good = stored(record(RegistrationStatus::kAssigned));
  for (std::string_view member : {"status", "errorCode", "enrollmentKind", "created", "updated"}) {
    for (const boost::json::value& damage :
         {boost::json::value(nullptr), boost::json::value("strange"), boost::json::value(1.5)}) {
      auto damaged = good;
      damaged[member] = damage;
      const auto read = registration_from_stored_json(damaged);
      ASSERT_FALSE(read) << member;
      EXPECT_EQ(read.error().code, ErrorCode::kInternal);
      EXPECT_THAT(read.error().detail, testing::HasSubstr(std::string(member)));
    }
  }
  EXPECT_FALSE(operation_from_stored_json({}));
}

TEST(OperationId, HasAzuresShape) {  // device-api.md 1
  SequenceRandom random;
  const std::string id = make_operation_id(from_micros(1'800'000'000'000'000), random);
  EXPECT_EQ(id.size(), 55U);
  EXPECT_THAT(id, testing::MatchesRegex("[0-9]\\.[0-9a-f]{16}\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
}

TEST(OperationId, SortsByTimeAndDiffersEachTime) {
  SequenceRandom random;
  const TimePoint now = from_micros(1'800'000'000'000'000);
  EXPECT_NE(make_operation_id(now, random), make_operation_id(now, random));
  EXPECT_LT(make_operation_id(now, random), make_operation_id(now + std::chrono::microseconds(1), random));
  EXPECT_LT(make_operation_id(now, random), make_operation_id(now + std::chrono::years(100), random));
}

}  // namespace
}  // namespace muster::model
