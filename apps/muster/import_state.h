#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/enrollment.h"
#include "muster/import_source.h"

namespace muster::cli {

/// What became of the records that went in so far.
struct ImportTotals {
  std::size_t created = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
  std::size_t failed = 0;

  [[nodiscard]] std::size_t all() const { return created + updated + unchanged + failed; }
  bool operator==(const ImportTotals&) const = default;
};

/// How far an import got: kept beside the file while it runs, so that a later run can go on there.
struct ImportState {
  std::string task;  ///< what was imported how; another import cannot go on with this one's state
  std::uint64_t file_size = 0;
  std::int64_t file_modified = 0;  ///< nanoseconds of the file system's clock
  ImportPosition done;
  ImportTotals totals;

  bool operator==(const ImportState&) const = default;
};

/// "devices.csv.import-state" for "devices.csv".
std::filesystem::path state_path(const std::filesystem::path& file);

/// Size and time of the file, everything else empty. kInvalidArgument when it is no readable regular file.
Result<ImportState> describe_file(const std::filesystem::path& file);

/// nullopt when there is none; kInvalidArgument when it cannot be understood.
Result<std::optional<ImportState>> read_state(const std::filesystem::path& path);
Result<void> write_state(const std::filesystem::path& path, const ImportState& state);

/// Whether an import that would begin as `now` may go on where `then` stopped. kInvalidArgument says why not.
Result<void> check_resumable(const ImportState& then, const ImportState& now);

}  // namespace muster::cli
