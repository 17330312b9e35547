#include "server/bootstrap/data_folder.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace muster::server {
namespace {

std::unexpected<Error> folder_error(const std::filesystem::path& path, std::string_view reason) {
  return fail(ErrorCode::kInternal, fmt::format("The data folder {} cannot be used: {}.", path.string(), reason));
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    std::filesystem::create_directories(path, error);
    if (error) return folder_error(path, error.message());
    ::chmod(path.c_str(), S_IRWXU);
  }
  if (!std::filesystem::is_directory(path, error)) return folder_error(path, "it is not a folder");
  std::filesystem::create_directories(path / "tls", error);
  if (error) return folder_error(path, error.message());

  const int lock = ::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock < 0) return folder_error(path, std::generic_category().message(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return fail(ErrorCode::kConflict,
                fmt::format("The data folder {} is in use by another muster process.", path.string()));
  }
  return DataFolder(path, lock);
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {
}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace muster::server
