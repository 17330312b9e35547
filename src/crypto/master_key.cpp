#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/sealing.h"

namespace muster::crypto {
namespace {

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

std::unexpected<Error> key_file_error(const std::filesystem::path& path, const std::string& what) {
  return fail(ErrorCode::kInternal, "The master key file " + path.string() + " " + what + ".");
}

std::string system_reason(const char* what, int error) {
  return std::string(what) + ": " + std::generic_category().message(error);
}

Result<SecretBytes> read_key(const File& file, const std::filesystem::path& path) {
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return key_file_error(path, system_reason("cannot be examined", errno));
  if (!S_ISREG(facts.st_mode)) return key_file_error(path, "is not a regular file");
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return key_file_error(path, "is open to group or others: its mode must be 0600");
  }
  if (facts.st_size != static_cast<off_t>(Sealer::kKeySize)) {
    return key_file_error(path, "holds " + std::to_string(facts.st_size) + " octets instead of 32");
  }
  Bytes key(Sealer::kKeySize);
  const ssize_t got = ::read(file.get(), key.data(), key.size());
  SecretBytes secret(std::move(key));
  if (got != static_cast<ssize_t>(Sealer::kKeySize)) {
    return key_file_error(path, system_reason("cannot be read", got < 0 ? errno : EIO));
  }
  return secret;
}

Result<void> sync_folder(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.get()) != 0) {
    return key_file_error(path, system_reason("cannot be made durable", errno));
  }
  return {};
}

Result<void> write_new(const std::filesystem::path& path, const SecretBytes& key) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return key_file_error(path, system_reason("cannot be created", errno));
  if (::write(file.get(), key.reveal().data(), key.size()) != static_cast<ssize_t>(key.size()) ||
      ::fsync(file.get()) != 0) {
    return key_file_error(path, system_reason("cannot be written", errno));
  }
  return {};
}

/// Writes under a temporary name and gives the file its name only when all of it is on disk. A hard link instead of a
/// rename: a key that another process made in the meantime is never replaced.
Result<void> create_key(const std::filesystem::path& path, Random& random) {
  const std::filesystem::path temporary = path.string() + "." + hex_lower(random.bytes(8)) + ".new";
  const SecretBytes key(random.bytes(Sealer::kKeySize));
  Result<void> outcome = write_new(temporary, key);
  if (outcome && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    outcome = key_file_error(path, system_reason("cannot be created", errno));
  }
  ::unlink(temporary.c_str());
  if (!outcome) return outcome;
  return sync_folder(path);
}

}  // namespace

Result<SecretBytes> load_or_create_master_key(const std::filesystem::path& path, Random& random) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // a FIFO in its place must not hang the start
  if (const File file(::open(path.c_str(), kFlags)); file.is_open()) return read_key(file, path);
  if (errno != ENOENT) return key_file_error(path, system_reason("cannot be opened", errno));
  if (auto created = create_key(path, random); !created) return std::unexpected(created.error());
  // Read back what is there now: it may be the key of another process that was faster.
  const File file(::open(path.c_str(), kFlags));
  if (!file.is_open()) return key_file_error(path, system_reason("cannot be opened", errno));
  return read_key(file, path);
}

}  // namespace muster::crypto
