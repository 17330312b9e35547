#include <fmt/format.h>

#include "model/attestation_put.h"

namespace muster::model {
namespace {

constexpr std::size_t kMinKeySize = 16;
constexpr std::size_t kMaxKeySize = 64;
constexpr std::size_t kGeneratedKeySize = 64;  // device-api.md 4.2

Result<SecretBytes> decode_key(std::string_view text, std::string_view path) {
  auto octets = from_base64(text);
  if (!octets) return invalid(fmt::format("{}: is not base64", path));
  SecretBytes key(std::move(*octets));
  if (key.size() < kMinKeySize || key.size() > kMaxKeySize) {
    return invalid(fmt::format("{}: must have {} to {} octets, has {}", path, kMinKeySize, kMaxKeySize, key.size()));
  }
  return key;
}

/// One key: what the member says, else the stored one, else a new one.
Result<SecretBytes> key_put(const std::optional<MemberReader>& keys, std::string_view member, const SecretBytes* stored,
                            Random& random) {
  if (const auto text = keys ? keys->text(member) : std::nullopt; text && !text->empty()) {
    return decode_key(*text, keys->path_of(member));
  }
  if (stored != nullptr && !stored->empty()) return *stored;
  return SecretBytes(random.bytes(kGeneratedKeySize));
}

}  // namespace

Result<Attestation> symmetric_keys_put(const MemberReader& attestation, const Attestation* current, Random& random) {
  const auto keys = attestation.child("symmetricKey");
  const auto* stored = current == nullptr ? nullptr : std::get_if<SymmetricKeyAttestation>(current);
  auto primary = key_put(keys, "primaryKey", stored == nullptr ? nullptr : &stored->primary, random);
  if (!primary) return std::unexpected(std::move(primary).error());
  auto secondary = key_put(keys, "secondaryKey", stored == nullptr ? nullptr : &stored->secondary, random);
  if (!secondary) return std::unexpected(std::move(secondary).error());
  return SymmetricKeyAttestation{.primary = *std::move(primary), .secondary = *std::move(secondary)};
}

}  // namespace muster::model
