#include "muster/answer.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using std::chrono::seconds;

struct Refusal {
  int status;
  const char* body;
  ErrorCode code;
  const char* message;
};

class ErrorAnswer : public testing::TestWithParam<Refusal> {};

TEST_P(ErrorAnswer, BecomesOneLineForPeople) {
  const Error error = error_from({.status = GetParam().status, .body = GetParam().body});
  EXPECT_EQ(error.code, GetParam().code);
  EXPECT_EQ(error.message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, ErrorAnswer,
    testing::Values(Refusal{409, R"({"errorCode":409201,"trackingId":"0d7c","message":"Enrollment already exists."})",
                            ErrorCode::kConflict, "409201 Enrollment already exists. (tracking id 0d7c)"},
                    Refusal{404, R"({"errorCode":404201,"message":"Enrollment not found."})", ErrorCode::kNotFound,
                            "404201 Enrollment not found."},
                    Refusal{412, R"({"code":"PreconditionFailed","httpStatusCode":"412","message":"Changed."})",
                            ErrorCode::kPreconditionFailed, "PreconditionFailed Changed."},
                    Refusal{400, R"({"error":{"code":"BadRequest","message":"No."}})", ErrorCode::kInvalidArgument,
                            "BadRequest No."},
                    Refusal{404,
                            R"({"Message":"ErrorCode:DeviceNotFound;It is unknown.",
                                "ExceptionMessage":"Tracking ID:3f-TimeStamp:2026-01-02T03:04:05Z"})",
                            ErrorCode::kNotFound, "DeviceNotFound It is unknown. (tracking id 3f)"},
                    Refusal{404,
                            R"({"Message":"{\"errorCode\":404103,\"message\":\"Offline.\",\"trackingId\":\"3f\"}",
                                "ExceptionMessage":""})",
                            ErrorCode::kNotFound, "404103 Offline. (tracking id 3f)"},
                    Refusal{500, R"({"Message":"ErrorCode:"})", ErrorCode::kInternal, "HTTP 500"},
                    Refusal{401, "", ErrorCode::kUnauthorized, "HTTP 401"},
                    Refusal{429, "{}", ErrorCode::kLimitExceeded, "HTTP 429"},
                    Refusal{502, "<html>SharedAccessSignature</html>", ErrorCode::kInternal, "HTTP 502"},
                    Refusal{500, R"({"errorCode":{"a":1},"message":[],"trackingId":7})", ErrorCode::kInternal,
                            "HTTP 500 (tracking id 7)"},
                    Refusal{302, "", ErrorCode::kInvalidArgument, "HTTP 302"}));

TEST(JsonAnswer, EmptyIsNullAndGarbageIsAnError) {
  EXPECT_EQ(json_from({.status = 200, .body = R"({"a":1})"}).value().as_object().at("a"), 1);
  EXPECT_TRUE(json_from({.status = 200, .body = " \n"}).value().is_null());
  EXPECT_EQ(json_from({.status = 200, .body = "{"}).error().code, ErrorCode::kInternal);
  EXPECT_EQ(json_from({.status = 404, .body = "{}"}).error().code, ErrorCode::kNotFound);
}

TEST(RetryAfter, IsAWholeNumberOfSecondsWithinReason) {
  const std::pair<const char*, int> cases[] = {{"3", 3},
                                               {"1", 1},
                                               {"300", 300},
                                               {"0", 2},
                                               {"301", 2},
                                               {"-1", 2},
                                               {"", 2},
                                               {"3.5", 2},
                                               {"3s", 2},
                                               {"99999999999", 2},
                                               {"Wed, 21 Oct 2026 07:28:00 GMT", 2}};
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(retry_after({.status = 202, .headers = {{"retry-after", text}}}, seconds(2)), seconds(expected)) << text;
  }
  EXPECT_EQ(retry_after({.status = 202}, seconds(2)), seconds(2));
}

}  // namespace
}  // namespace muster::cli
