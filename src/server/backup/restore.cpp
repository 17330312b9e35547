#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/sealing.h"
#include "server/backup/backup.h"
#include "server/backup/key_entry.h"
#include "server/bootstrap/data_folder.h"
#include "store/sqlite/backup.h"

namespace muster::server {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> system_failure(const fs::path& path, const std::error_code& error) {
  return fail(ErrorCode::kInternal, fmt::format("{}: {}", path.string(), error.message()));
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// What a restore puts into a data folder.
constexpr std::array<const char*, 3> kRestored{"tls", "master.key", "muster.db"};

Result<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return system_failure(folder, error);
  return names;
}

/// Removes what an interrupted restore left; anything else is somebody's and refused.
Result<void> clear_target(const DataFolder& folder) {
  const auto names = names_in(folder.path());
  if (!names) return std::unexpected(names.error());
  std::error_code error;
  const bool interrupted = fs::exists(folder.restoring(), error);
  for (const std::string& name : *names) {
    if (name == "lock" || name == "lost+found" || folder.path() / name == folder.restoring()) continue;
    const bool made_by_us = interrupted && std::ranges::find(kRestored, name) != kRestored.end();
    const bool empty_folder = name == "tls" && fs::is_empty(folder.path() / name, error);
    if (!made_by_us && !empty_folder) {
      return fail(ErrorCode::kConflict,
                  fmt::format("{}: is not empty ({} is there). A backup is restored into an empty "
                              "folder only.",
                              folder.path().string(), name));
    }
  }
  for (const char* name : kRestored) {
    if (!error) fs::remove_all(folder.path() / name, error);
  }
  // What says that a restore was interrupted goes last.
  if (!error) fs::remove_all(folder.restoring(), error);
  if (error) return system_failure(folder.path(), error);
  return {};
}

constexpr fs::perms kPublic =
    fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;

/// Everything at its place below `stage`, examined.
Result<void> fill(const fs::path& stage, const BackupFile& backup, const SecretBytes& key, Random& random,
                  const BackupProgress& progress) {
  std::error_code error;
  fs::create_directory(stage / "tls", error);
  if (error) return system_failure(stage, error);
  for (const BackupEntry& entry : backup.header().entries) {
    if (entry.name == "master.key") continue;
    const fs::path target = stage / entry.name;
    if (auto extracted = backup.extract(entry, target, progress); !extracted) return extracted;
    if (target.extension() == ".pem") fs::permissions(target, kPublic, error);  // certificates: devices trust one
  }
  if (auto written = write_file(stage / "master.key", as_text(key.reveal()), FileAccess::kOwner); !written) {
    return written;
  }
  progress("examining", 0, 0);
  const auto version = store::examine_database(stage / "muster.db");
  if (!version) return std::unexpected(version.error());
  if (*version != backup.header().schema_version) return fail(ErrorCode::kInternal, "The backup contradicts itself.");
  if (auto fits = store::examine_master_key(stage / "muster.db", crypto::Sealer(key, random)); !fits) return fits;
  return sync_folder(stage / "tls");
}

/// Root restores for the user that the service runs as: whom the folder belongs to.
Result<void> hand_over(const DataFolder& folder, const BackupHeader& header) {
  struct stat owner{};
  if (::stat(folder.path().c_str(), &owner) != 0) return system_failure(folder.path(), last_error());
  if (::geteuid() != 0 || owner.st_uid == 0) return {};
  std::vector<fs::path> files{folder.lock_file(), folder.restoring() / "master.key", folder.restoring() / "tls"};
  for (const BackupEntry& entry : header.entries) files.push_back(folder.restoring() / entry.name);
  for (const fs::path& file : files) {
    if (::lchown(file.c_str(), owner.st_uid, owner.st_gid) != 0) return system_failure(file, last_error());
  }
  return {};
}

Result<void> move_into_place(const DataFolder& folder) {
  std::error_code error;
  for (const char* name : kRestored) {
    fs::rename(folder.restoring() / name, folder.path() / name, error);
    if (error) return system_failure(folder.path() / name, error);
  }
  if (auto synced = sync_folder(folder.path()); !synced) return synced;
  fs::remove(folder.restoring(), error);
  if (error) return system_failure(folder.restoring(), error);
  return sync_folder(folder.path());
}

Result<void> put_into(const DataFolder& folder, const BackupFile& backup, const SecretBytes& key, Random& random,
                      const BackupProgress& progress) {
  if (auto cleared = clear_target(folder); !cleared) return cleared;
  std::error_code error;
  fs::create_directory(folder.restoring(), error);
  if (error) return system_failure(folder.restoring(), error);
  fs::permissions(folder.restoring(), fs::perms::owner_all, error);
  // On disk before anything else is: it keeps a service from starting in half a folder.
  auto done = sync_folder(folder.path());
  if (done) done = fill(folder.restoring(), backup, key, random, progress);
  if (done) done = hand_over(folder, backup.header());
  if (!done) {
    fs::remove_all(folder.restoring(), error);
    return done;
  }
  return move_into_place(folder);
}

}  // namespace

Result<BackupReport> restore_backup(const RestoreOptions& options, Random& random, const BackupProgress& progress) {
  const auto backup = BackupFile::open(options.input, progress);
  if (!backup) return std::unexpected(backup.error());
  const BackupHeader& header = backup->header();
  if (header.schema_version > store::known_schema_version()) {
    return fail(
        ErrorCode::kUnsupported,
        fmt::format("{}: was made by version {} of the program, with schema version {}; this one knows versions "
                    "up to {}.",
                    options.input.string(), header.program, header.schema_version, store::known_schema_version()));
  }
  const auto key = recover_key(*backup, options, random);
  if (!key) return std::unexpected(key.error());
  const auto folder = DataFolder::lock(options.data);
  if (!folder) return std::unexpected(folder.error());
  if (auto put = put_into(*folder, *backup, *key, random, progress); !put) return std::unexpected(put.error());
  BackupReport report{header, 0};
  for (const BackupEntry& entry : header.entries) report.size += entry.size;
  return report;
}

}  // namespace muster::server
