#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "server/backup/backup_header.h"
#include "server/backup/backup_io.h"

namespace muster::server {

/// Told how far long work is. `step` is a word for people, "copying"; `all` may be 0 when it is not known.
using BackupProgress = std::function<void(std::string_view step, std::uint64_t done, std::uint64_t all)>;

/// Where the octets of an entry come from: a file, or memory.
using BackupContent = std::variant<std::filesystem::path, SecretBytes>;

// A backup file is: a line "MUSTER-BACKUP <format> <SHA-256 of all that follows, hexadecimal>", a line of JSON
// (backup_header.h), the octets of the entries in their order.

/// Writes a backup file (mode 0600), durably and as a whole: until it is complete it has the name "<file>.part".
/// The sizes in `header` are filled in. kInternal with the system's reason.
Result<void> write_backup_file(const std::filesystem::path& file, BackupHeader header,
                               const std::vector<std::pair<std::string, BackupContent>>& entries,
                               const BackupProgress& progress);

/// A backup file that was found whole when it was opened.
class BackupFile {
 public:
  /// Reads all of it once. kInvalidArgument when it is no backup, kUnsupported for a format of a newer program,
  /// kInternal when it is damaged or cannot be read. The message names the file.
  static Result<BackupFile> open(const std::filesystem::path& path, const BackupProgress& progress);

  [[nodiscard]] const BackupHeader& header() const { return header_; }
  /// An entry of at most `limit` octets, into memory.
  [[nodiscard]] Result<SecretBytes> read(const BackupEntry& entry, std::size_t limit) const;
  /// Copies an entry into a new file (mode 0600), durably.
  Result<void> extract(const BackupEntry& entry, const std::filesystem::path& target,
                       const BackupProgress& progress) const;

 private:
  BackupFile(OpenFile file, BackupHeader header, std::uint64_t payload)
      : file_(std::move(file)), header_(std::move(header)), payload_(payload) {}

  [[nodiscard]] std::uint64_t offset_of(const BackupEntry& entry) const;

  OpenFile file_;
  BackupHeader header_;
  std::uint64_t payload_;  ///< where the first entry begins
};

}  // namespace muster::server
