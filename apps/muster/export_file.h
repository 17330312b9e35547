#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>

#include "base/file.h"
#include "base/result.h"

namespace muster::cli {

/// Where an export goes: a stream that is there, or a file that appears under its name when it is complete and is
/// removed otherwise, so that a part of an export is never taken for the whole.
class ExportFile {
 public:
  /// "-" writes to `standard_output`. kInvalidArgument when the file cannot be made.
  static Result<ExportFile> open(const std::string& path, std::ostream& standard_output, FileAccess access);

  ExportFile(ExportFile&& other) noexcept = default;
  ExportFile& operator=(ExportFile&&) = delete;
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;
  ~ExportFile();

  /// kInternal when it cannot be written, such as on a full disk.
  Result<void> write(std::string_view text);
  /// All is written: the file gets its name.
  Result<void> complete();

 private:
  explicit ExportFile(std::ostream& out) : out_(&out) {}

  std::ostream* out_;
  std::unique_ptr<std::ofstream> file_;  ///< null: standard output, or completed
  std::filesystem::path path_;
  std::filesystem::path part_;
};

}  // namespace muster::cli
