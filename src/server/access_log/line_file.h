#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace muster::server {

/// Appends lines to a file from a thread of its own, so that no request waits for a disk. What cannot be held or
/// written is dropped and counted.
///
/// Lifecycle: open(), append() and reopen() from any thread; destruction writes what is held.
class LineFile {
 public:
  /// Octets of lines that wait for the disk at most.
  static constexpr std::size_t kMostHeld = std::size_t{8} << 20U;

  /// `path`: "-" is standard output; else a file, made with mode 0640 when missing. kInternal with the system's reason.
  static Result<std::unique_ptr<LineFile>> open(const std::filesystem::path& path, std::size_t most_held = kMostHeld);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// `line` without its end.
  void append(std::string_view line);
  /// Later lines go to a file opened anew under the same name, after it was rotated away. When that fails, the old file
  /// is kept and the failure logged.
  void reopen();

  [[nodiscard]] std::uint64_t written() const { return written_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  class File;

  LineFile(std::filesystem::path path, std::unique_ptr<File> file, std::size_t most_held);
  void run();
  void replace_file();
  void write(std::string_view lines);

  const std::filesystem::path path_;
  const std::size_t most_held_;
  std::unique_ptr<File> file_;  // used by the thread only
  bool failing_ = false;        // as file_
  std::atomic<std::uint64_t> written_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;

  std::mutex mutex_;  // protects what follows
  std::condition_variable wake_;
  std::string held_;
  bool reopen_ = false;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace muster::server
