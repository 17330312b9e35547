#include "server/access_log/access_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/json.h"

namespace muster::server {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr TimePoint kAt = std::chrono::sys_days(std::chrono::year(2026) / 1 / 15) + std::chrono::hours(10);

/// A request for /enrollments/{id}, or what a test makes of it.
struct Case {
  HttpRequest request{.method = "PUT",
                      .target = "/enrollments/pump-1?api-version=2021-10-01",
                      .headers = {},
                      .body = {},
                      .peer_address = "13.91.244.7",
                      .client = std::nullopt};
  OperationInfo info{.index = 0, .api = Api::kService, .name = "Upsert", .type = "IndividualEnrollment", .subject = 0};
  std::string id = "pump-1";
  int status = 200;
  std::optional<ApiError> refusal;

  [[nodiscard]] std::string record() const {
    const auto target = wire::parse_request_target(request.target).value_or(wire::RequestTarget());
    return operation_record("plant-dps", {.operation = info,
                                          .tracking_id = "5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11",
                                          .at = kAt,
                                          .peer_address = request.peer_address,
                                          .api_version = target.parameter("api-version").value_or(""),
                                          .subject = info.subject ? std::string_view(id) : "",
                                          .policy = "owner",
                                          .path = std::string_view(request.target).substr(0, request.target.find('?')),
                                          .status = status,
                                          .refusal = refusal ? &*refusal : nullptr,
                                          .took = std::chrono::microseconds(1500)});
  }
};

TEST(AccessRecord, HasTheMembersOfDpsLogs) {
  // R-192
  EXPECT_EQ(Case().record(),
            R"({"time":"2026-01-15T10:00:00.0000000Z","Category":"ServiceOperations","Level":"Information",)"
            R"("OperationName":"Upsert","OperationVersion":"October2021","ResultType":"Success",)"
            R"("ResultSignature":"200","ResultDescription":"","CallerIpAddress":"13.91.244.XXX",)"
            R"("CorrelationId":"5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11","Resource":"plant-dps","Identity":"owner",)"
            R"("DurationMs":1.500,"properties":{"id":"pump-1","type":"IndividualEnrollment","protocol":"Http"}})");
}

TEST(AccessRecord, TellsWhoseFaultAFailureIs) {
  Case refused;
  refused.status = 412;
  refused.refusal = ApiError{412, 412001, "Precondition failed.", "etag"};
  EXPECT_THAT(refused.record(), HasSubstr(R"("Level":"Warning",)"));
  EXPECT_THAT(refused.record(), HasSubstr(R"("ResultType":"ClientError","ResultSignature":"412001",)"
                                          R"~("ResultDescription":"Precondition failed. (etag)")~"));
  Case failed;
  failed.status = 500;
  failed.refusal = ApiError{500, 500000, "Internal error."};
  EXPECT_THAT(failed.record(), HasSubstr(R"("ResultType":"Failure","ResultSignature":"500000")"));
}

TEST(AccessRecord, StaysOneSaneLineWhateverThePeerSent) {
  Case hostile;
  hostile.info = OperationInfo{};
  hostile.request.target = "/x%0a%22%ff" + std::string(5000, 'y') + "?secret=1";
  hostile.request.peer_address = "nonsense";
  hostile.id = "a\n\"\xff" + std::string(5000, 'b');
  hostile.refusal = ApiError{404, 404000, "no \xfe\n" + std::string(5000, 'c')};
  const std::string record = hostile.record();
  EXPECT_LT(record.size(), 2500U);
  EXPECT_THAT(record, Not(HasSubstr("\n")));
  EXPECT_THAT(record, Not(HasSubstr("secret")));
  ASSERT_TRUE(model::parse_json_object(record)) << record;
}

TEST(AccessRecord, TellsHowARegistrationEnded) {
  model::Operation operation;
  operation.id = "4.0123456789abcdef.5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11";
  operation.enrollment_id = "line-7";
  operation.api_version = "2019-03-31";
  operation.tracking_id = "5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11";
  operation.begun = kAt;
  model::Registration record;
  record.registration_id = "robot-01";
  record.status = model::RegistrationStatus::kAssigned;
  record.assigned_hub = "hub.example.net";
  record.device_id = "robot-01";
  const auto line = [&] { return registration_record("plant-dps", operation, record, kAt + std::chrono::seconds(2)); };
  EXPECT_EQ(line(),
            R"({"time":"2026-01-15T10:00:02.0000000Z","Category":"DeviceOperations","Level":"Information",)"
            R"("OperationName":"RegistrationAttempt","OperationVersion":"March2019","ResultType":"Success",)"
            R"("ResultSignature":"assigned","ResultDescription":"",)"
            R"("CorrelationId":"5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11","Resource":"plant-dps","DurationMs":2000.000,)"
            R"("properties":{"id":"robot-01","type":"Registration","status":"assigned",)"
            R"("operationId":"4.0123456789abcdef.5d6f3e5e-52a7-4f1a-9e55-6b2b0f8f6a11","enrollment":"line-7",)"
            R"("iotHubName":"hub.example.net","deviceId":"robot-01"}})");
  record.status = model::RegistrationStatus::kFailed;
  record.error_code = 400209;
  record.error_message = "The IoT hub refused the registration.";
  EXPECT_THAT(line(), HasSubstr(R"("ResultType":"Failure","ResultSignature":"400209",)"
                                R"("ResultDescription":"The IoT hub refused the registration.")"));
  EXPECT_THAT(line(), Not(HasSubstr("iotHubName")));
}

TEST(AccessRecord, HidesTheLastPartOfAddresses) {
  EXPECT_EQ(mask_address("13.91.244.7"), "13.91.244.XXX");
  EXPECT_EQ(mask_address("2001:db8::a:b:c:d"), "2001:db8:0:0:XXX");
  EXPECT_EQ(mask_address("::1"), "0:0:0:0:XXX");
  EXPECT_EQ(mask_address("pump-1"), "XXX");
}

TEST(AccessRecord, NamesVersionsByMonthAndYear) {
  EXPECT_EQ(operation_version("2021-10-01"), "October2021");
  EXPECT_EQ(operation_version("2021-11-01-preview"), "November2021");
  for (const char* other : {"", "2021-13-01", "2021-00-01", "2021-1x-01", "latest", "2021/10/01"}) {
    EXPECT_EQ(operation_version(other), other);
  }
}

}  // namespace
}  // namespace muster::server
