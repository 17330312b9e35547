#include "muster/transfer_format.h"

#include <fmt/format.h>

#include "base/text.h"

namespace muster::cli {

using model::TransferFormat;

Result<TransferFormat> transfer_format(const std::optional<std::string>& option, const std::string& file) {
  if (option) return *option == "csv" ? TransferFormat::kCsv : TransferFormat::kNdjson;
  const std::string name = to_lower(file);
  if (name.ends_with(".csv")) return TransferFormat::kCsv;
  if (name.ends_with(".ndjson") || name.ends_with(".jsonl")) return TransferFormat::kNdjson;
  return invalid(fmt::format("Is {} csv or ndjson? Say it with --format.", file == "-" ? "the input" : file));
}

}  // namespace muster::cli
