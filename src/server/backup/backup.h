#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "server/backup/backup_file.h"

namespace muster::server {

/// How many octets a passphrase has at least: shorter ones can be guessed.
inline constexpr std::size_t kShortestPassphrase = 12;

struct BackupOptions {
  std::filesystem::path data;    ///< the data folder; a service may be at work in it
  std::filesystem::path output;  ///< the backup to make; must not exist
  KeyProtection key = KeyProtection::kLeftOut;
  SecretBytes passphrase = {};  ///< with kPassphrase
  std::string program = {};     ///< version of the program
  crypto::ScryptCost cost = {};
};

/// What was made or restored.
struct BackupReport {
  BackupHeader header;
  std::uint64_t size = 0;  ///< octets of all entries
};

/// Makes a backup of everything that a restore needs: database, certificates, and the master key as asked for. The
/// database is of one moment, copied without holding the service up, and examined before the backup counts as made.
/// Needs room for the database twice beside `output` while it works. Nothing is left behind when it fails.
Result<BackupReport> create_backup(const BackupOptions& options, const Clock& clock, Random& random,
                                   const BackupProgress& progress);

struct RestoreOptions {
  std::filesystem::path input;
  std::filesystem::path data;             ///< a folder that is empty or missing
  std::optional<SecretBytes> passphrase;  ///< for a key that is sealed
  std::optional<SecretBytes> master_key;  ///< for a backup without
};

/// Puts a backup into an empty data folder, all of it or nothing. Refused, with the folder untouched: no backup
/// (kInvalidArgument), a damaged one (kInternal), one of a newer program (kUnsupported), a missing or superfluous
/// passphrase or key (kInvalidArgument), a wrong one (kUnauthorized), a folder that holds anything or is in use
/// (kConflict). A restore that is killed leaves a folder that no service starts in and that the next restore takes
/// over. Files get the folder's owner when root restores.
Result<BackupReport> restore_backup(const RestoreOptions& options, Random& random, const BackupProgress& progress);

}  // namespace muster::server
