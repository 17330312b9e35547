#include "base/file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"

namespace muster {
namespace {

std::unexpected<Error> system_error(const std::filesystem::path& path, std::string_view what, int error) {
  const auto code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInternal;
  return fail(code, fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(error)));
}

Result<void> write_all(const Descriptor& file, const std::filesystem::path& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(path, "cannot be written", errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return system_error(path, "cannot be made durable", errno);
  return {};
}

}  // namespace

Result<void> sync_folder(const std::filesystem::path& folder) {
  const Descriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.get()) != 0) return system_error(folder, "cannot be made durable", errno);
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return system_error(path, "cannot be opened", errno);
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return system_error(path, "cannot be examined", errno);
  if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::kInternal, path.string() + ": is not a regular file");
  std::string content;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path, "cannot be read", errno);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > limit) {
      return fail(ErrorCode::kTooLarge, fmt::format("{}: is larger than {} octets", path.string(), limit));
    }
  }
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content, FileAccess access) {
  const std::filesystem::path temporary = fmt::format("{}.{}.new", path.string(), ::getpid());
  const mode_t mode = access == FileAccess::kOwner ? 0600 : 0644;
  ::unlink(temporary.c_str());
  {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file.is_open()) return system_error(temporary, "cannot be created", errno);
    if (auto written = write_all(file, temporary, content); !written) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return system_error(path, "cannot be replaced", error);
  }
  return sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace muster
