#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/passphrase.h"

namespace muster::server {

/// How a backup holds the master key, without which nobody can read the secrets in its database.
enum class KeyProtection {
  kLeftOut,     ///< not at all: it is kept elsewhere
  kPlain,       ///< as it is: who has the backup has everything
  kPassphrase,  ///< sealed under a passphrase
};

/// One file of the data folder.
struct BackupEntry {
  std::string name;  ///< path below the folder: "muster.db", "master.key", "tls/ca.pem"
  std::uint64_t size = 0;

  bool operator==(const BackupEntry&) const = default;
};

/// What a backup says of itself.
struct BackupHeader {
  std::string program;  ///< version that made it
  int schema_version = 0;
  TimePoint created;
  KeyProtection key = KeyProtection::kLeftOut;
  crypto::ScryptCost cost;  ///< with a passphrase
  Bytes salt;               ///< with a passphrase
  std::vector<BackupEntry> entries;

  [[nodiscard]] const BackupEntry* find(std::string_view name) const;
  bool operator==(const BackupHeader&) const = default;
};

/// The form of backup files that this program writes.
inline constexpr int kBackupFormat = 1;

/// One line of JSON without its end.
std::string write_backup_header(const BackupHeader& header);
/// kInternal for what nobody writes: also for names that would lead out of the folder.
Result<BackupHeader> read_backup_header(std::string_view line);

}  // namespace muster::server
