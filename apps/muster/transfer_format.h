#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "model/import_document.h"

namespace muster::cli {

/// The format that an option names or, without one, the end of the file's name: .csv, .ndjson or .jsonl.
/// kInvalidArgument when neither tells.
Result<model::TransferFormat> transfer_format(const std::optional<std::string>& option, const std::string& file);

}  // namespace muster::cli
