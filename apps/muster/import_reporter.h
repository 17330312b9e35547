#pragma once

#include <fstream>
#include <optional>

#include "muster/import_job.h"
#include "muster/import_progress.h"
#include "muster/program.h"

namespace muster::cli {

/// Tells what becomes of an import while it runs: failures line by line, progress, and how far it got, so that it can
/// be resumed. For a file the state is kept beside it, for standard input there is none.
class ImportReporter {
 public:
  struct Options {
    std::optional<std::filesystem::path> state_file;
    std::string report_file;  ///< gets the failures as NDJSON; empty: none
    bool resumed = false;     ///< the report goes on where it ended
  };

  /// `state` is where the import begins.
  static Result<ImportReporter> open(const Program& program, ImportState state, const Options& options);

  /// To be called for each chunk in the order of the file.
  void note(const ImportChunk& chunk, const ChunkOutcome& outcome);

  /// The whole file is through: its state goes. kInternal when the report could not be written.
  Result<void> complete();
  /// The import was cut off by `error`: the state stays, and the user is told how to go on.
  void abandon();

  [[nodiscard]] const ImportTotals& totals() const { return state_.totals; }

 private:
  ImportReporter(const Program& program, ImportState state, std::optional<std::filesystem::path> state_file);
  void tell(const boost::json::object& failure);
  void save();

  const Program& program_;
  ImportState state_;
  std::optional<std::filesystem::path> state_file_;
  std::optional<std::ofstream> report_;
  ProgressLine progress_;
  ImportState begun_;
  TimePoint saved_at_;
};

}  // namespace muster::cli
