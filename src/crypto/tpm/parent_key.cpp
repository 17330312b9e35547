#include "crypto/tpm/parent_key.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "crypto/tpm/ecc_seed.h"
#include "crypto/tpm/octets.h"
#include "crypto/tpm/rsa_seed.h"

namespace muster::crypto::tpm {
namespace {

constexpr std::uint32_t kDefaultExponent = 65537;

std::string role_name(KeyRole role) {
  return role == KeyRole::kEndorsement ? "endorsement key" : "storage root key";
}

std::optional<std::string> problem_of(const RsaPublic& key) {
  if (key.bits != 2048 && key.bits != 3072 && key.bits != 4096) {
    return fmt::format("RSA keys have 2048, 3072 or 4096 bits here, this one {}.", key.bits);
  }
  if (key.exponent != 0 && key.exponent != kDefaultExponent) {
    return fmt::format("The RSA exponent is {}; it must be 65537 (written as 0).", key.exponent);
  }
  if ((key.modulus.front() & 0x80) == 0) return fmt::format("The modulus has fewer than {} bits.", key.bits);
  if ((key.modulus.back() & 1) == 0) return "The modulus is even: that is no RSA key.";
  return std::nullopt;
}

std::optional<std::string> problem_of(const EccPublic& key) {
  if (key.curve != kP256 && key.curve != kP384) {
    return fmt::format("The curve {} is not supported; P-256 and P-384 are.", curve_name(key.curve));
  }
  const std::size_t size = coordinate_size(key.curve);
  if (key.x.size() != size || key.y.size() != size) {
    return fmt::format("A coordinate of a point on {} has {} octets, these have {} and {}.", curve_name(key.curve),
                       size, key.x.size(), key.y.size());
  }
  if (!is_on_curve(key)) return fmt::format("The point does not lie on {}.", curve_name(key.curve));
  return std::nullopt;
}

/// What the attributes must say for the private part to be nowhere but in a TPM, and to serve for unwrapping only.
void check_attributes(const PublicArea& area, KeyRole role, std::vector<std::string>& problems) {
  for (const ObjectAttribute needed : {kFixedTpm, kFixedParent, kRestricted, kDecrypt}) {
    if (area.has(needed)) continue;
    problems.push_back(fmt::format("The attribute {} is clear; a {} of a TPM has it set.",
                                   attribute_names(needed).front(), role_name(role)));
  }
  if (area.has(kSign)) {
    problems.push_back(fmt::format("The attribute sign is set: it is a signing key, no {}.", role_name(role)));
  }
}

}  // namespace

std::vector<std::string> find_problems(const PublicArea& area, KeyRole role) {
  std::vector<std::string> problems;
  check_attributes(area, role, problems);
  if (!hash_of(area.name_algorithm)) {
    problems.push_back(
        fmt::format("The nameAlg {} is not supported; SHA-256 and SHA-384 are.", algorithm_name(area.name_algorithm)));
  }
  const auto& [algorithm, bits, mode] = area.symmetric;
  if (algorithm != kAes || (bits != 128 && bits != 256) || mode != kCfb) {
    problems.push_back(fmt::format("The symmetric algorithm is {}; AES-128-CFB and AES-256-CFB are supported.",
                                   symmetric_name(area.symmetric)));
  }
  if (area.scheme != kNull) {
    problems.push_back(
        fmt::format("The key has the scheme {}; a key that unwraps has none.", algorithm_name(area.scheme)));
  }
  if (auto problem = std::visit([](const auto& key) { return problem_of(key); }, area.key)) {
    problems.push_back(*std::move(problem));
  }
  return problems;
}

Result<ParentKey> ParentKey::make(PublicArea area, KeyRole role) {
  const auto problems = find_problems(area, role);
  if (!problems.empty()) return invalid(problems.front());
  const Hash hash = *hash_of(area.name_algorithm);
  return ParentKey(std::move(area), hash);
}

Result<ParentKey> ParentKey::parse(ByteView tpm2b, KeyRole role) {
  auto area = parse_public(tpm2b);
  if (!area) return std::unexpected(area.error());
  return make(*std::move(area), role);
}

ParentKey::ParentKey(PublicArea area, Hash hash)
    : area_(std::move(area)),
      hash_(hash),
      name_(OctetWriter().u16(area_.name_algorithm).raw(digest(hash, area_.without_size())).take()) {
  if (const auto* key = std::get_if<RsaPublic>(&area_.key)) rsa_ = std::make_shared<RsaSealer>(*key);
}

SealedSeed ParentKey::seal_seed(std::string_view label, Random& random) const {
  if (rsa_) return rsa_->seal(hash_, label, random);
  return seal_ecc_seed(std::get<EccPublic>(area_.key), hash_, label, random);
}

}  // namespace muster::crypto::tpm
