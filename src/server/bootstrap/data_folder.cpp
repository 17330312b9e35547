#include "server/bootstrap/data_folder.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace muster::server {
namespace {

std::unexpected<Error> folder_error(const std::filesystem::path& path, std::string_view reason) {
  return fail(ErrorCode::kInternal, fmt::format("The data folder {} cannot be used: {}.", path.string(), reason));
}

}  // namespace

Result<DataFolder> DataFolder::lock(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    std::filesystem::create_directories(path, error);
    if (error) return folder_error(path, error.message());
    ::chmod(path.c_str(), S_IRWXU);
  }
  if (!std::filesystem::is_directory(path, error)) return folder_error(path, "it is not a folder");
  Descriptor lock(::open(DataFolderPaths(path).lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!lock.is_open()) return folder_error(path, std::generic_category().message(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kConflict,
                fmt::format("The data folder {} is in use by another muster process.", path.string()));
  }
  return DataFolder(path, std::move(lock));
}

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  auto folder = lock(path);
  if (!folder) return folder;
  std::error_code error;
  if (std::filesystem::exists(folder->restoring(), error)) {
    return fail(
        ErrorCode::kConflict,
        fmt::format("A restore into the data folder {} was interrupted. Run `muster restore` again.", path.string()));
  }
  std::filesystem::create_directories(folder->tls(), error);
  if (error) return folder_error(path, error.message());
  return folder;
}

}  // namespace muster::server
