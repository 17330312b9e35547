#pragma once

#include <filesystem>
#include <utility>

#include "base/descriptor.h"
#include "base/result.h"

namespace muster::server {

/// Where things are in the folder that holds everything a single-node installation keeps.
class DataFolderPaths {
 public:
  explicit DataFolderPaths(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path database() const { return path_ / "muster.db"; }
  [[nodiscard]] std::filesystem::path master_key() const { return path_ / "master.key"; }
  [[nodiscard]] std::filesystem::path tls() const { return path_ / "tls"; }
  [[nodiscard]] std::filesystem::path owner_connection_string() const { return path_ / "owner.connection-string"; }
  [[nodiscard]] std::filesystem::path hub_connection_string() const { return path_ / "hub.connection-string"; }
  [[nodiscard]] std::filesystem::path lock_file() const { return path_ / "lock"; }
  /// Stands while a restore is at work, and after one that was interrupted.
  [[nodiscard]] std::filesystem::path restoring() const { return path_ / "restoring"; }

 private:
  std::filesystem::path path_;
};

/// The data folder, claimed. At most one process works in it: the store's caches rely on that.
///
/// Lifecycle: the lock is held while the object lives; the system releases it when the process ends in any way.
class DataFolder : public DataFolderPaths {
 public:
  /// Makes the folder (mode 0700) when it is missing and locks it. kConflict when another process holds it; kInternal
  /// with the path and the system's reason.
  static Result<DataFolder> lock(const std::filesystem::path& path);
  /// The same for a service to work in: kConflict also after a restore that was interrupted.
  static Result<DataFolder> open(const std::filesystem::path& path);

 private:
  DataFolder(const std::filesystem::path& path, Descriptor lock) : DataFolderPaths(path), lock_(std::move(lock)) {}

  Descriptor lock_;
};

}  // namespace muster::server
