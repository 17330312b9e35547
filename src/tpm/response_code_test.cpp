#include "tpm/response_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tss2/tss2_tpm2_types.h>

namespace muster::tpm {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr TSS2_RC kFirstSession = TPM2_RC_S + TPM2_RC_1;
constexpr TSS2_RC kSecondParameter = TPM2_RC_P + TPM2_RC_2;

TEST(ResponseCode, SuccessIsNone) {
  EXPECT_TRUE(check(TSS2_RC_SUCCESS, "sign"));
}

TEST(ResponseCode, SaysWhatWasTriedAndWhatToDo) {
  const Error error = error_of(TPM2_RC_BAD_AUTH + kFirstSession, "keep an object");
  EXPECT_EQ(error.code, ErrorCode::kUnauthorized);
  EXPECT_THAT(error.message, StartsWith("The TPM could not keep an object: "));
  EXPECT_THAT(error.message, HasSubstr("(0x9A2). An authorization value is set"));
}

TEST(ResponseCode, FindsTheMeaningWhateverTheCodeIsAbout) {
  for (const TSS2_RC about : {TSS2_RC{0}, kFirstSession, kSecondParameter, TSS2_RC{TPM2_RC_H + TPM2_RC_1}}) {
    EXPECT_EQ(error_of(TPM2_RC_INTEGRITY + about, "x").code, ErrorCode::kInvalidArgument) << about;
  }
}

TEST(ResponseCode, FindsItThroughAResourceManager) {
  EXPECT_EQ(error_of(TSS2_RESMGR_TPM_RC_LAYER + TPM2_RC_LOCKOUT, "x").code, ErrorCode::kUnauthorized);
}

TEST(ResponseCode, KeepsWarningsApartFromErrorsOfTheSameNumber) {
  EXPECT_EQ(error_of(TPM2_RC_OBJECT_MEMORY, "x").code, ErrorCode::kUnavailable);
  EXPECT_EQ(error_of(TPM2_RC_NV_SPACE, "x").code, ErrorCode::kLimitExceeded);
}

TEST(ResponseCode, TellsTheConnectionFromTheTpm) {
  EXPECT_EQ(error_of(TSS2_TCTI_RC_IO_ERROR, "x").code, ErrorCode::kUnavailable);
  EXPECT_EQ(error_of(TSS2_ESYS_RC_BAD_VALUE, "x").code, ErrorCode::kInternal);
}

TEST(ResponseCode, ABlobThatDoesNotFitIsToldInSeveralWays) {
  for (const TSS2_RC code :
       {TPM2_RC_INTEGRITY + kSecondParameter, TPM2_RC_VALUE + kSecondParameter, TPM2_RC_SIZE, TPM2_RC_FAILURE}) {
    const Error error = misfit_error(code, "open the credential");
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << code;
    EXPECT_THAT(error.message, HasSubstr("another TPM or another owner"));
  }
  EXPECT_EQ(misfit_error(TPM2_RC_OBJECT_MEMORY, "x").code, ErrorCode::kUnavailable);
  EXPECT_EQ(misfit_error(TSS2_TCTI_RC_IO_ERROR, "x").code, ErrorCode::kUnavailable);
}

TEST(ResponseCode, WithoutAdviceTellsTheCode) {
  EXPECT_THAT(error_of(TPM2_RC_ATTRIBUTES, "x").message, EndsWith("(0x82)."));
}

}  // namespace
}  // namespace muster::tpm
