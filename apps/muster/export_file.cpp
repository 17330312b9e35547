#include "muster/export_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace muster::cli {
namespace {

/// An empty file with the right mode from its first moment on.
bool make_file(const std::filesystem::path& path, FileAccess access) {
  const mode_t mode = access == FileAccess::kOwner ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  std::error_code ignored;
  std::filesystem::remove(path, ignored);  // what a cut-off export left may have another mode
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
  if (file < 0) return false;
  ::close(file);
  return true;
}

}  // namespace

Result<ExportFile> ExportFile::open(const std::string& path, std::ostream& standard_output, FileAccess access) {
  ExportFile out(standard_output);
  if (path == "-") return out;
  out.path_ = path;
  out.part_ = path + ".part";
  if (make_file(out.part_, access)) out.file_ = std::make_unique<std::ofstream>(out.part_, std::ios::binary);
  if (!out.file_ || !*out.file_) return invalid(fmt::format("Cannot write {}.", path));
  out.out_ = out.file_.get();
  return out;
}

ExportFile::~ExportFile() {
  if (!file_) return;
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

Result<void> ExportFile::write(std::string_view text) {
  out_->write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!*out_) return fail(ErrorCode::kInternal, "The export could not be written.");
  return {};
}

Result<void> ExportFile::complete() {
  if (!out_->flush()) return fail(ErrorCode::kInternal, "The export could not be written.");
  if (!file_) return {};
  file_->close();
  if (!*file_) return fail(ErrorCode::kInternal, "The export could not be written.");
  std::error_code failed;
  std::filesystem::rename(part_, path_, failed);
  if (failed) return fail(ErrorCode::kInternal, fmt::format("Cannot write {}: {}", path_.string(), failed.message()));
  file_.reset();
  return {};
}

}  // namespace muster::cli
