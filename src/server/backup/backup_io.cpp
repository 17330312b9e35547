#include "server/backup/backup_io.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace muster::server {

std::unexpected<Error> OpenFile::failed(std::string_view what) const {
  return fail(ErrorCode::kInternal,
              fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(errno)));
}

Result<OpenFile> OpenFile::open_to_read(const std::filesystem::path& path) {
  OpenFile file{path, Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  if (!file.descriptor.is_open()) return file.failed("cannot be opened");
  struct stat facts{};
  if (::fstat(file.descriptor.get(), &facts) != 0) return file.failed("cannot be examined");
  if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::kInternal, path.string() + ": is not a regular file");
  return file;
}

Result<OpenFile> OpenFile::create(const std::filesystem::path& path) {
  ::unlink(path.c_str());
  OpenFile file{
      path, Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR))};
  if (!file.descriptor.is_open()) return file.failed("cannot be created");
  return file;
}

Result<std::uint64_t> OpenFile::size() const {
  struct stat facts{};
  if (::fstat(descriptor.get(), &facts) != 0) return failed("cannot be examined");
  return static_cast<std::uint64_t>(facts.st_size);
}

Result<std::size_t> OpenFile::read_at(std::uint64_t offset, std::span<std::uint8_t> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(descriptor.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot be read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<void> OpenFile::write_at(std::uint64_t offset, ByteView octets) const {
  while (!octets.empty()) {
    const ssize_t done = ::pwrite(descriptor.get(), octets.data(), octets.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return failed("cannot be written");
    octets = octets.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return {};
}

Result<void> OpenFile::make_durable() const {
  if (::fsync(descriptor.get()) != 0) return failed("cannot be made durable");
  return {};
}

}  // namespace muster::server
