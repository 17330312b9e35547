#include "tpm/response_code.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tpm2_types.h>

namespace muster::tpm {
namespace {

struct Meaning {
  TSS2_RC code;
  ErrorCode kind;
  const char* advice;
};

constexpr const char* kMisfit = "It was made for another TPM or another owner of this one, or was changed on its way.";

/// The codes that a device's owner can do something about.
constexpr std::array kMeanings = {
    Meaning{TPM2_RC_BAD_AUTH, ErrorCode::kUnauthorized,
            "An authorization value is set that differs from the one given (or from none)."},
    Meaning{
        TPM2_RC_AUTH_FAIL, ErrorCode::kUnauthorized,
        "An authorization value is set that differs from the one given (or from none). The TPM counts such attempts "
        "and locks itself after too many."},
    Meaning{TPM2_RC_LOCKOUT, ErrorCode::kUnauthorized,
            "The TPM has locked itself after too many wrong authorizations. Wait, or reset it with the lockout "
            "authorization (tpm2_dictionarylockout -c)."},
    Meaning{TPM2_RC_HIERARCHY, ErrorCode::kPreconditionFailed,
            "The hierarchy is disabled: the platform's hierarchy is closed once the firmware has started the system."},
    Meaning{TPM2_RC_DISABLED, ErrorCode::kPreconditionFailed,
            "The command is disabled. Clearing is allowed again with tpm2_clearcontrol, or in the firmware's set-up."},
    Meaning{TPM2_RC_INTEGRITY, ErrorCode::kInvalidArgument, kMisfit},
    Meaning{TPM2_RC_POLICY_FAIL, ErrorCode::kUnauthorized, "The policy of the object does not allow this use."},
    Meaning{TPM2_RC_NV_SPACE, ErrorCode::kLimitExceeded,
            "The TPM has no room for another persistent object. tpm2_getcap handles-persistent lists them, "
            "tpm2_evictcontrol removes one."},
    Meaning{TPM2_RC_OBJECT_MEMORY, ErrorCode::kUnavailable,
            "Others have filled the TPM's memory. Use the resource manager (device:/dev/tpmrm0), or flush what they "
            "left: tpm2_flushcontext -t."},
    Meaning{TPM2_RC_SESSION_MEMORY, ErrorCode::kUnavailable,
            "Others have taken all sessions of the TPM. Use the resource manager (device:/dev/tpmrm0), or flush what "
            "they left: tpm2_flushcontext -l."},
    Meaning{TPM2_RC_INITIALIZE, ErrorCode::kUnavailable, "The TPM has not been started: tpm2_startup -c."},
    Meaning{TPM2_RC_FAILURE, ErrorCode::kUnavailable, "The TPM is in failure mode; it needs to be powered off and on."},
    Meaning{TPM2_RC_NV_RATE, ErrorCode::kUnavailable, "The TPM limits how often its memory is written. Try again."},
};

/// Without the number of the handle, parameter or session that a format-one code is about (TPM 2.0 part 2, 6.6.3).
constexpr TSS2_RC base_code(TSS2_RC code) {
  constexpr TSS2_RC kFormatOneError = TPM2_RC_FMT1 | 0x3F;
  return (code & TPM2_RC_FMT1) != 0 ? code & kFormatOneError : code;
}

/// Whether the TPM itself said it, be it through a resource manager.
constexpr bool is_from_tpm(TSS2_RC code) {
  const TSS2_RC layer = code & TSS2_RC_LAYER_MASK;
  return layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER;
}

Meaning meaning_of(TSS2_RC code) {
  if (is_from_tpm(code)) {
    const TSS2_RC wanted = base_code(code & ~TSS2_RC_LAYER_MASK);
    for (const Meaning& each : kMeanings) {
      if (each.code == wanted) return each;
    }
    return {code, ErrorCode::kInternal, ""};
  }
  if ((code & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER) {
    return {code, ErrorCode::kUnavailable, "The connection to the TPM does not work."};
  }
  return {code, ErrorCode::kInternal, ""};
}

std::string message_of(TSS2_RC code, std::string_view what, std::string_view advice) {
  std::string message = fmt::format("The TPM could not {}: {} (0x{:X}).", what, Tss2_RC_Decode(code), code);
  if (!advice.empty()) message.append(" ").append(advice);
  return message;
}

}  // namespace

Error error_of(TSS2_RC code, std::string_view what) {
  const Meaning meaning = meaning_of(code);
  return {meaning.kind, message_of(code, what, meaning.advice)};
}

Error misfit_error(TSS2_RC code, std::string_view what) {
  constexpr std::array kWays = {TPM2_RC_FAILURE, TPM2_RC_INTEGRITY, TPM2_RC_SIZE, TPM2_RC_VALUE};
  if (!is_from_tpm(code) || std::ranges::find(kWays, base_code(code & ~TSS2_RC_LAYER_MASK)) == kWays.end()) {
    return error_of(code, what);
  }
  return {ErrorCode::kInvalidArgument, message_of(code, what, kMisfit)};
}

Result<void> check(TSS2_RC code, std::string_view what) {
  if (code == TSS2_RC_SUCCESS) return {};
  return std::unexpected(error_of(code, what));
}

}  // namespace muster::tpm
