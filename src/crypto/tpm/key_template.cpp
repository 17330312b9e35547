#include "crypto/tpm/key_template.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "crypto/tpm/octets.h"

namespace muster::crypto::tpm {
namespace {

// EK Credential Profile 2.5 appendix B.6: PolicyA is PolicySecret(TPM_RH_ENDORSEMENT); PolicyB lets the owner of an NV
// index add others (PolicyOR of PolicyA and PolicyAuthorizeNV).
constexpr std::string_view kPolicyA256 = "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa";
constexpr std::string_view kPolicyB256 = "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0";
constexpr std::string_view kPolicyB384 =
    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12";

constexpr std::uint32_t kProtected = kFixedTpm | kFixedParent | kSensitiveDataOrigin | kRestricted | kDecrypt;
constexpr std::uint32_t kLowEk = kProtected | kAdminWithPolicy;
constexpr std::uint32_t kHighEk = kLowEk | kUserWithAuth;
constexpr std::uint32_t kOwnedSrk = kProtected | kUserWithAuth | kNoDictionaryAttack;
constexpr std::uint32_t kPlainSrk = kProtected | kUserWithAuth;

using enum KeyRole;

constexpr std::array kTemplates{
    KeyTemplate{"TCG L-1", "low range EK, RSA-2048", kEndorsement, kRsa, 2048, kSha256, kLowEk, kPolicyA256, 128},
    KeyTemplate{"TCG L-2", "low range EK, ECC P-256", kEndorsement, kEcc, kP256, kSha256, kLowEk, kPolicyA256, 128},
    KeyTemplate{"TCG H-1", "high range EK, RSA-2048", kEndorsement, kRsa, 2048, kSha256, kHighEk, kPolicyB256, 128},
    KeyTemplate{"TCG H-2", "high range EK, ECC P-256", kEndorsement, kEcc, kP256, kSha256, kHighEk, kPolicyB256, 128},
    KeyTemplate{"TCG H-3", "high range EK, ECC P-384", kEndorsement, kEcc, kP384, kSha384, kHighEk, kPolicyB384, 256},
    KeyTemplate{"TCG H-6", "high range EK, RSA-3072", kEndorsement, kRsa, 3072, kSha384, kHighEk, kPolicyB384, 256},
    KeyTemplate{"TCG H-7", "high range EK, RSA-4096", kEndorsement, kRsa, 4096, kSha384, kHighEk, kPolicyB384, 256},
    KeyTemplate{"TCG SRK RSA", "provisioning guidance, RSA-2048", kStorageRoot, kRsa, 2048, kSha256, kOwnedSrk, "",
                128},
    KeyTemplate{"TCG SRK ECC", "provisioning guidance, ECC P-256", kStorageRoot, kEcc, kP256, kSha256, kOwnedSrk, "",
                128},
    KeyTemplate{"primary RSA", "tpm2_createprimary, RSA-2048", kStorageRoot, kRsa, 2048, kSha256, kPlainSrk, "", 128},
    KeyTemplate{"primary ECC", "tpm2_createprimary, ECC P-256", kStorageRoot, kEcc, kP256, kSha256, kPlainSrk, "", 128},
};

struct AttributeName {
  ObjectAttribute attribute;
  std::string_view name;
};
constexpr std::array kAttributeNames{
    AttributeName{kFixedTpm, "fixedTPM"},
    AttributeName{kStClear, "stClear"},
    AttributeName{kFixedParent, "fixedParent"},
    AttributeName{kSensitiveDataOrigin, "sensitiveDataOrigin"},
    AttributeName{kUserWithAuth, "userWithAuth"},
    AttributeName{kAdminWithPolicy, "adminWithPolicy"},
    AttributeName{kNoDictionaryAttack, "noDA"},
    AttributeName{kEncryptedDuplication, "encryptedDuplication"},
    AttributeName{kRestricted, "restricted"},
    AttributeName{kDecrypt, "decrypt"},
    AttributeName{kSign, "sign"},
    AttributeName{kX509Sign, "x509sign"},
};

bool is_of_kind(const PublicArea& area, const KeyTemplate& wanted) {
  if (const auto* rsa = std::get_if<RsaPublic>(&area.key)) {
    return wanted.type == kRsa && rsa->bits == wanted.bits_or_curve;
  }
  return wanted.type == kEcc && std::get<EccPublic>(area.key).curve == wanted.bits_or_curve;
}

void compare_attributes(std::vector<std::string>& out, std::uint32_t actual, std::uint32_t wanted) {
  const auto extra = attribute_names(actual & ~wanted);
  const auto missing = attribute_names(wanted & ~actual);
  if (!extra.empty()) out.push_back(fmt::format("attributes set that it leaves out: {}", fmt::join(extra, ", ")));
  if (!missing.empty()) out.push_back(fmt::format("attributes missing: {}", fmt::join(missing, ", ")));
}

/// The default template for a kind of key: the first of the list.
const KeyTemplate* default_template(std::uint16_t type, std::uint16_t bits_or_curve) {
  const auto* found = std::ranges::find_if(kTemplates, [&](const KeyTemplate& known) {
    return known.role == kEndorsement && known.type == type && known.bits_or_curve == bits_or_curve;
  });
  return found == kTemplates.end() ? nullptr : found;
}

OctetWriter head_of(const KeyTemplate& made_by) {
  OctetWriter out;
  out.u16(made_by.type).u16(made_by.name_algorithm).u32(made_by.attributes);
  out.sized(from_hex(made_by.policy).value_or(Bytes()));
  out.u16(kAes).u16(made_by.symmetric_bits).u16(kCfb).u16(kNull);
  return out;
}

}  // namespace

std::span<const KeyTemplate> key_templates() {
  return kTemplates;
}

std::vector<std::string> differences(const PublicArea& area, const KeyTemplate& wanted) {
  std::vector<std::string> out;
  if (area.name_algorithm != wanted.name_algorithm) {
    out.push_back(fmt::format("nameAlg {} instead of {}", algorithm_name(area.name_algorithm),
                              algorithm_name(wanted.name_algorithm)));
  }
  compare_attributes(out, area.attributes, wanted.attributes);
  const Bytes policy = from_hex(wanted.policy).value_or(Bytes());
  if (area.policy != policy) {
    out.push_back(fmt::format("policy {} instead of {}", policy_name(area.policy), policy_name(policy)));
  }
  const SymmetricScheme symmetric{kAes, wanted.symmetric_bits, kCfb};
  if (area.symmetric != symmetric) {
    out.push_back(fmt::format("symmetric {} instead of {}", symmetric_name(area.symmetric), symmetric_name(symmetric)));
  }
  if (area.scheme != kNull) out.push_back(fmt::format("scheme {} instead of none", algorithm_name(area.scheme)));
  return out;
}

const KeyTemplate* nearest_template(const PublicArea& area, KeyRole role) {
  const KeyTemplate* nearest = nullptr;
  std::size_t least = 0;
  for (const KeyTemplate& known : kTemplates) {
    if (known.role != role || !is_of_kind(area, known)) continue;
    const std::size_t count = differences(area, known).size();
    if (nearest != nullptr && count >= least) continue;
    nearest = &known;
    least = count;
  }
  return nearest;
}

Result<PublicArea> make_endorsement_key(const RsaPublic& key) {
  const KeyTemplate* made_by = default_template(kRsa, key.bits);
  if (made_by == nullptr) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("An RSA key of {} bits cannot be an endorsement key here: 2048, 3072 or 4096.", key.bits));
  }
  return parse_public(sized(head_of(*made_by).u16(key.bits).u32(key.exponent).sized(key.modulus).take()));
}

Result<PublicArea> make_endorsement_key(const EccPublic& key) {
  const KeyTemplate* made_by = default_template(kEcc, key.curve);
  if (made_by == nullptr) {
    return fail(
        ErrorCode::kUnsupported,
        fmt::format("A key on curve {} cannot be an endorsement key here: P-256 or P-384.", curve_name(key.curve)));
  }
  return parse_public(sized(head_of(*made_by).u16(key.curve).u16(kNull).sized(key.x).sized(key.y).take()));
}

std::string policy_name(const Bytes& policy) {
  if (policy.empty()) return "none";
  const std::string digest = hex_lower(policy);
  if (digest == kPolicyA256) return "PolicySecret(endorsement)";
  if (digest == kPolicyB256 || digest == kPolicyB384) return "PolicySecret(endorsement) or by NV index (PolicyB)";
  return digest;
}

std::vector<std::string> attribute_names(std::uint32_t attributes) {
  std::vector<std::string> out;
  for (const auto& [attribute, name] : kAttributeNames) {
    if ((attributes & attribute) != 0) out.emplace_back(name);
  }
  return out;
}

}  // namespace muster::crypto::tpm
