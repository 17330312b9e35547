#include "server/backup/key_entry.h"

#include <fmt/format.h>

#include "crypto/sealing.h"

namespace muster::server {
namespace {

constexpr std::string_view kContext = "backup|master-key";
constexpr std::size_t kSaltSize = 16;  // NIST SP 800-132 section 5.1
constexpr std::size_t kLargestKeyEntry = 1024;

}  // namespace

Result<SecretBytes> protect_key(const SecretBytes& master_key, const SecretBytes& passphrase, Random& random,
                                BackupHeader& header) {
  if (header.key == KeyProtection::kPlain) return master_key;
  if (passphrase.size() < kShortestPassphrase) {
    return invalid(fmt::format("The passphrase must have at least {} octets.", kShortestPassphrase));
  }
  header.salt = random.bytes(kSaltSize);
  auto key = crypto::key_from_passphrase(passphrase, header.salt, header.cost);
  if (!key) return key;
  return SecretBytes(crypto::Sealer(std::move(*key), random).seal(master_key, kContext));
}

Result<SecretBytes> recover_key(const BackupFile& backup, const RestoreOptions& options, Random& random) {
  const BackupHeader& header = backup.header();
  if ((header.key == KeyProtection::kPassphrase) != options.passphrase.has_value()) {
    return invalid(options.passphrase ? "The backup needs no passphrase."
                                      : "The backup holds its master key under a passphrase, which is needed.");
  }
  if ((header.key == KeyProtection::kLeftOut) != options.master_key.has_value()) {
    return invalid(options.master_key ? "The backup holds its master key already."
                                      : "The backup was made without its master key, which is needed.");
  }
  if (options.master_key) return *options.master_key;
  auto held = backup.read(*header.find("master.key"), kLargestKeyEntry);
  if (!held || header.key == KeyProtection::kPlain) return held;
  auto key = crypto::key_from_passphrase(*options.passphrase, header.salt, header.cost);
  if (!key) return key;
  auto opened = crypto::Sealer(std::move(*key), random).open(held->reveal(), kContext);
  if (!opened) return fail(ErrorCode::kUnauthorized, "The passphrase is not the one of this backup.");
  return opened;
}

}  // namespace muster::server
