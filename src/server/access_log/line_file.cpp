#include "server/access_log/line_file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/log.h"

namespace muster::server {

/// A descriptor to append to.
class LineFile::File {
 public:
  static Result<std::unique_ptr<File>> open(const std::filesystem::path& path) {
    constexpr mode_t kOwnerAndGroup = 0640;
    Descriptor descriptor(path == "-"
                              ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                              : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kOwnerAndGroup));
    if (!descriptor.is_open()) {
      return fail(ErrorCode::kInternal, fmt::format("{}: cannot be opened for writing: {}", path.string(),
                                                    std::generic_category().message(errno)));
    }
    return std::make_unique<File>(std::move(descriptor));
  }

  explicit File(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  /// How many octets went out; fewer than given only with an errno.
  std::size_t write(std::string_view octets) {
    std::size_t done = 0;
    while (done < octets.size()) {
      const ssize_t count = ::write(descriptor_.get(), octets.data() + done, octets.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    if (done > 0) torn_ = octets[done - 1] != '\n';
    return done;
  }
  /// The last line that went out lacks its end.
  [[nodiscard]] bool torn() const { return torn_; }

 private:
  Descriptor descriptor_;
  bool torn_ = false;
};

Result<std::unique_ptr<LineFile>> LineFile::open(const std::filesystem::path& path, std::size_t most_held) {
  auto file = File::open(path);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<LineFile>(new LineFile(path, std::move(*file), most_held));
}

LineFile::LineFile(std::filesystem::path path, std::unique_ptr<File> file, std::size_t most_held)
    : path_(std::move(path)), most_held_(most_held), file_(std::move(file)), thread_([this] { run(); }) {
}

LineFile::~LineFile() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LineFile::append(std::string_view line) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (held_.size() + line.size() >= most_held_) {
      ++dropped_;
      return;
    }
    wake = held_.empty();  // else the thread has been told already
    held_ += line;
    held_ += '\n';
  }
  if (wake) wake_.notify_one();
}

void LineFile::reopen() {
  {
    const std::scoped_lock lock(mutex_);
    reopen_ = true;
  }
  wake_.notify_one();
}

void LineFile::run() {
  std::string lines;
  for (;;) {
    bool replace = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || reopen_ || !held_.empty(); });
      if (held_.empty() && !reopen_) return;
      lines.clear();
      lines.swap(held_);
      replace = std::exchange(reopen_, false);
    }
    if (replace) replace_file();
    write(lines);
  }
}

void LineFile::replace_file() {
  auto file = File::open(path_);
  if (file) {
    file_ = std::move(*file);
    return;
  }
  log_error("access_log.not-reopened", {{"error", file.error().message}});
}

void LineFile::write(std::string_view lines) {
  if (lines.empty()) return;
  // What follows a line that was cut off begins a new one.
  std::size_t done = 0;
  if (!file_->torn() || file_->write("\n") == 1) done = file_->write(lines);
  const int error = done < lines.size() ? errno : 0;
  const auto whole = static_cast<std::uint64_t>(std::ranges::count(lines.substr(0, done), '\n'));
  written_ += whole;
  dropped_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n')) - whole;
  // Told once, not for every line of a full disk.
  if (error != 0 && !failing_) {
    log_error("access_log.not-written", {{"file", path_.string()}, {"reason", std::generic_category().message(error)}});
  }
  failing_ = error != 0;
}

}  // namespace muster::server
