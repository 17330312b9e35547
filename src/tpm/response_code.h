#pragma once

#include <string_view>

#include <tss2/tss2_common.h>

#include "base/result.h"

namespace muster::tpm {

/// What a response code of the stack or the TPM means, and what to do about it. `what` was tried: "make a key".
Error error_of(TSS2_RC code, std::string_view what);

/// The same for what came with a blob: TPMs say in several ways that it does not fit their keys; one in software even
/// speaks of a failure of itself.
Error misfit_error(TSS2_RC code, std::string_view what);

/// Nothing for success.
Result<void> check(TSS2_RC code, std::string_view what);

}  // namespace muster::tpm
