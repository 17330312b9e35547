#include "server/backup/backup.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/file.h"
#include "crypto/sealing.h"
#include "server/backup/key_entry.h"
#include "server/bootstrap/data_folder.h"
#include "store/sqlite/backup.h"

namespace muster::server {
namespace {

constexpr std::size_t kLargestTlsFile = 64 * 1024;
/// Certificates are replaced within moments, once in months.
constexpr int kMostReads = 100;

/// A file that goes with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) { remove(); }
  ~TemporaryFile() { remove(); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  /// With what SQLite keeps beside a database.
  void remove() const {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path_.string() + suffix, ignored);
    }
  }

  std::filesystem::path path_;
};

using Contents = std::map<std::string, std::string>;

Result<Contents> read_tls_once(const std::filesystem::path& folder) {
  Contents out;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    auto content = read_file(entry->path(), kLargestTlsFile);
    if (!content && content.error().code == ErrorCode::kNotFound) continue;  // a temporary file that is gone
    if (!content) return std::unexpected(content.error());
    if (entry->path().extension() != ".new") out.emplace(entry->path().filename().string(), std::move(*content));
  }
  if (error) return fail(ErrorCode::kInternal, fmt::format("{}: {}", folder.string(), error.message()));
  return out;
}

/// Certificates and keys that belong together: read until nothing changes between two readings.
Result<Contents> read_tls(const std::filesystem::path& folder) {
  auto before = read_tls_once(folder);
  for (int i = 0; before && i < kMostReads; ++i) {
    auto again = read_tls_once(folder);
    if (!again || *again == *before) return again;
    before = std::move(again);
  }
  if (!before) return before;
  return fail(ErrorCode::kUnavailable, folder.string() + ": changes all the time.");
}

}  // namespace

Result<BackupReport> create_backup(const BackupOptions& options, const Clock& clock, Random& random,
                                   const BackupProgress& progress) {
  if (std::filesystem::exists(options.output)) {
    return fail(ErrorCode::kConflict, options.output.string() + ": exists already.");
  }
  if (const auto folder = std::filesystem::absolute(options.output).parent_path();
      !std::filesystem::is_directory(folder)) {
    return fail(ErrorCode::kNotFound, folder.string() + ": there is no such folder.");
  }
  const DataFolderPaths paths(options.data);
  auto master_key = crypto::load_master_key(paths.master_key());
  if (!master_key) return std::unexpected(master_key.error());

  const TemporaryFile database(options.output.string() + ".part.db");
  if (auto copied = store::copy_database(paths.database(), database.path(),
                                         [&](auto done, auto all) { progress("copying", done, all); });
      !copied) {
    return std::unexpected(copied.error());
  }
  progress("examining", 0, 0);
  const auto schema_version = store::examine_database(database.path());
  if (!schema_version) return std::unexpected(schema_version.error());
  if (auto fits = store::examine_master_key(database.path(), crypto::Sealer(*master_key, random)); !fits) {
    return std::unexpected(fits.error());
  }
  auto tls = read_tls(paths.tls());
  if (!tls) return std::unexpected(tls.error());

  BackupReport report;
  report.header = {.program = options.program,
                   .schema_version = *schema_version,
                   .created = clock.now(),
                   .key = options.key,
                   .cost = options.cost,
                   .salt = {},
                   .entries = {}};
  std::vector<std::pair<std::string, BackupContent>> entries{{"muster.db", database.path()}};
  if (options.key != KeyProtection::kLeftOut) {
    auto key = protect_key(*master_key, options.passphrase, random, report.header);
    if (!key) return std::unexpected(key.error());
    entries.emplace_back("master.key", std::move(*key));
  }
  for (const auto& [name, content] : *tls) entries.emplace_back("tls/" + name, SecretBytes(as_bytes(content)));
  if (auto written = write_backup_file(options.output, report.header, entries, progress); !written) {
    return std::unexpected(written.error());
  }
  std::error_code ignored;
  report.size = std::filesystem::file_size(options.output, ignored);
  return report;
}

}  // namespace muster::server
