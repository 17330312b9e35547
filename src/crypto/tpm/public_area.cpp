#include "crypto/tpm/public_area.h"

#include <utility>

#include <fmt/format.h>

#include "crypto/digest.h"
#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {
namespace {

// Part 2 section 8.3.1: bits that no attribute has.
constexpr std::uint32_t kReservedAttributes =
    ~std::uint32_t{kFixedTpm | kStClear | kFixedParent | kSensitiveDataOrigin | kUserWithAuth | kAdminWithPolicy |
                   kNoDictionaryAttack | kEncryptedDuplication | kRestricted | kDecrypt | kSign | kX509Sign};

std::unexpected<Error> ends_in(std::string_view field) {
  return invalid(fmt::format("The TPM2B_PUBLIC is truncated: it ends in its {}.", field));
}

/// Part 2 section 11.1.6.
Result<SymmetricScheme> read_symmetric(OctetReader& in) {
  const auto algorithm = in.u16();
  if (!algorithm) return ends_in("symmetric algorithm");
  if (*algorithm == kNull) return SymmetricScheme{};
  const auto bits = in.u16();
  if (!bits) return ends_in("symmetric key size");
  if (*algorithm == kXor) return SymmetricScheme{*algorithm, *bits, 0};
  const auto mode = in.u16();
  if (!mode) return ends_in("symmetric mode");
  return SymmetricScheme{*algorithm, *bits, *mode};
}

/// Part 2 sections 11.2.4.2 and 11.2.5.6: most schemes name a hash.
Result<std::uint16_t> read_scheme(OctetReader& in) {
  const auto scheme = in.u16();
  if (!scheme) return ends_in("scheme");
  if (*scheme == kNull || *scheme == kRsaes) return *scheme;
  const bool complete = in.u16().has_value() && (*scheme != kEcdaa || in.u16().has_value());
  if (!complete) return ends_in("scheme");
  return *scheme;
}

Result<RsaPublic> read_rsa(OctetReader& in) {
  const auto bits = in.u16();
  const auto exponent = in.u32();
  if (!bits || !exponent) return ends_in("RSA parameters");
  const auto modulus = in.sized();
  if (!modulus) return ends_in("modulus");
  if (modulus->size() * 8 != *bits) {
    return invalid(
        fmt::format("The modulus has {} octets, but the TPM2B_PUBLIC states {} bits.", modulus->size(), *bits));
  }
  return RsaPublic{*bits, *exponent, {modulus->begin(), modulus->end()}};
}

Result<EccPublic> read_ecc(OctetReader& in) {
  const auto curve = in.u16();
  if (!curve) return ends_in("curve");
  const auto kdf = read_scheme(in);
  if (!kdf) return ends_in("key derivation scheme");
  const auto x = in.sized();
  const auto y = in.sized();
  if (!x || !y) return ends_in("point");
  return EccPublic{*curve, *kdf, {x->begin(), x->end()}, {y->begin(), y->end()}};
}

/// The common fields, between the type and the parameters.
Result<void> read_head(OctetReader& in, PublicArea& area) {
  const auto name_algorithm = in.u16();
  if (!name_algorithm) return ends_in("nameAlg");
  const auto attributes = in.u32();
  if (!attributes) return ends_in("objectAttributes");
  if ((*attributes & kReservedAttributes) != 0) {
    return invalid(fmt::format("The objectAttributes 0x{:08x} have reserved bits set.", *attributes));
  }
  const auto policy = in.sized();
  if (!policy) return ends_in("authPolicy");
  const auto hash = hash_of(*name_algorithm);
  if (hash && !policy->empty() && policy->size() != digest_size(*hash)) {
    return invalid(fmt::format("The authPolicy has {} octets; a digest of {} has {}.", policy->size(),
                               algorithm_name(*name_algorithm), digest_size(*hash)));
  }
  area.name_algorithm = *name_algorithm;
  area.attributes = *attributes;
  area.policy.assign(policy->begin(), policy->end());
  return {};
}

template <class Key>
Result<void> read_key(OctetReader& in, PublicArea& area, Result<Key> (*read)(OctetReader&)) {
  auto symmetric = read_symmetric(in);
  if (!symmetric) return std::unexpected(symmetric.error());
  auto scheme = read_scheme(in);
  if (!scheme) return std::unexpected(scheme.error());
  auto key = read(in);
  if (!key) return std::unexpected(key.error());
  area.symmetric = *symmetric;
  area.scheme = *scheme;
  area.key = *std::move(key);
  return {};
}

Result<PublicArea> parse_area(ByteView tpmt) {
  OctetReader in(tpmt);
  const auto type = in.u16();
  if (!type) return ends_in("type");
  if (*type != kRsa && *type != kEcc) {
    return invalid(
        fmt::format("The TPM2B_PUBLIC has type 0x{:04x} ({}); it must be an RSA (0x0001) or ECC (0x0023) key.", *type,
                    algorithm_name(*type)));
  }
  PublicArea area;
  if (auto head = read_head(in, area); !head) return std::unexpected(head.error());
  auto key = *type == kRsa ? read_key(in, area, read_rsa) : read_key(in, area, read_ecc);
  if (!key) return std::unexpected(key.error());
  if (!in.rest().empty()) {
    return invalid(fmt::format("{} octets are left over after the public key.", in.rest().size()));
  }
  area.octets = sized(tpmt);
  return area;
}

Result<void> check_length(ByteView octets) {
  if (octets.empty()) return invalid("The TPM2B_PUBLIC is empty.");
  if (octets.size() > kMaxPublicSize) {
    return invalid(fmt::format("{} octets are too many for a TPM2B_PUBLIC.", octets.size()));
  }
  return {};
}

}  // namespace

Result<PublicArea> parse_public(ByteView tpm2b) {
  if (auto checked = check_length(tpm2b); !checked) return std::unexpected(checked.error());
  OctetReader in(tpm2b);
  const auto size = in.u16();
  if (!size) return ends_in("size");
  if (*size > in.rest().size()) {
    return invalid(
        fmt::format("The TPM2B_PUBLIC is truncated: it states {} octets, {} are there.", *size, in.rest().size()));
  }
  if (*size < in.rest().size()) {
    return invalid(fmt::format("The TPM2B_PUBLIC states {} octets, but {} are there.", *size, in.rest().size()));
  }
  return parse_area(in.rest());
}

Result<PublicArea> parse_public_with_or_without_size(ByteView octets) {
  if (auto checked = check_length(octets); !checked) return std::unexpected(checked.error());
  // No structure of 1 or 35 octets is a key, so a first field of that value can only be the type.
  const auto first = OctetReader(octets).u16();
  if (first == kRsa || first == kEcc) return parse_area(octets);
  return parse_public(octets);
}

std::string key_name(const PublicArea& area) {
  if (const auto* rsa = std::get_if<RsaPublic>(&area.key)) return fmt::format("RSA-{}", rsa->bits);
  return "ECC " + curve_name(std::get<EccPublic>(area.key).curve);
}

std::string symmetric_name(const SymmetricScheme& symmetric) {
  if (symmetric.algorithm == kNull) return "none";
  return fmt::format("{}-{}-{}", algorithm_name(symmetric.algorithm), symmetric.bits, algorithm_name(symmetric.mode));
}

std::string default_registration_id(const PublicArea& endorsement_key) {
  return to_base32_lower(sha256(endorsement_key.octets));
}

}  // namespace muster::crypto::tpm
