#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "crypto/sealing.h"

namespace muster::crypto {
namespace {

std::unexpected<Error> key_file_error(const std::filesystem::path& path, std::string_view what) {
  return fail(ErrorCode::kInternal, fmt::format("The master key file {} {}.", path.string(), what));
}

Result<SecretBytes> checked(std::string content, const std::filesystem::path& path) {
  SecretBytes key(as_bytes(content));
  wipe(content);
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(path, error).permissions();
  if (error) return key_file_error(path, "cannot be examined: " + error.message());
  if ((mode & (perms::group_all | perms::others_all)) != perms::none) {
    return key_file_error(path, "is open to group or others: its mode must be 0600");
  }
  if (key.size() != Sealer::kKeySize) {
    return key_file_error(path, fmt::format("holds {} octets instead of {}", key.size(), Sealer::kKeySize));
  }
  return key;
}

}  // namespace

Result<SecretBytes> load_master_key(const std::filesystem::path& path) {
  constexpr std::size_t kReadLimit = 4096;
  auto content = read_file(path, kReadLimit);
  if (content) return checked(std::move(*content), path);
  if (content.error().code == ErrorCode::kNotFound) return std::unexpected(content.error());
  return key_file_error(path, content.error().message);
}

Result<SecretBytes> load_or_create_master_key(const std::filesystem::path& path, Random& random) {
  auto stored = load_master_key(path);
  if (stored || stored.error().code != ErrorCode::kNotFound) return stored;
  SecretBytes key(random.bytes(Sealer::kKeySize));
  if (auto written = write_file(path, as_text(key.reveal()), FileAccess::kOwner); !written) {
    return key_file_error(path, written.error().message);
  }
  return key;
}

}  // namespace muster::crypto
