#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace muster::server {

/// The folder that holds everything a single-node installation keeps. At most one process works in it: the store's
/// caches rely on that.
///
/// Lifecycle: the lock is held while the object lives; the system releases it when the process ends in any way.
class DataFolder {
 public:
  /// Makes the folder (mode 0700) when it is missing and locks it. kConflict when another process holds it; kInternal
  /// with the path and the system's reason.
  static Result<DataFolder> open(const std::filesystem::path& path);

  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  DataFolder(const DataFolder&) = delete;
  ~DataFolder();

  [[nodiscard]] std::filesystem::path database() const { return path_ / "muster.db"; }
  [[nodiscard]] std::filesystem::path master_key() const { return path_ / "master.key"; }
  [[nodiscard]] std::filesystem::path tls() const { return path_ / "tls"; }
  [[nodiscard]] std::filesystem::path owner_connection_string() const { return path_ / "owner.connection-string"; }

 private:
  DataFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_;
};

}  // namespace muster::server
