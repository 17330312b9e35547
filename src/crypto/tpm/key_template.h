#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/tpm/public_area.h"

namespace muster::crypto::tpm {

/// What a key is for.
enum class KeyRole { kEndorsement, kStorageRoot };

/// A way that TPMs are told to make their keys: everything of a public area but the key itself.
struct KeyTemplate {
  std::string_view name;  ///< "TCG L-1"
  std::string_view text;  ///< for people, where it comes from
  KeyRole role;
  std::uint16_t type;           ///< kRsa or kEcc
  std::uint16_t bits_or_curve;  ///< bits of an RSA key, or a CurveId
  std::uint16_t name_algorithm;
  std::uint32_t attributes;
  std::string_view policy;  ///< hexadecimal
  std::uint16_t symmetric_bits;
};

/// The endorsement keys of the TCG EK Credential Profile (2.5, sections B.3 and B.4), and the storage root keys that
/// device clients and tools make. The most usual ones first.
std::span<const KeyTemplate> key_templates();

/// In what a key differs from a template, one text for each field; empty: it was made by it.
std::vector<std::string> differences(const PublicArea& area, const KeyTemplate& wanted);

/// The template of that role that a key differs least from, among those of its kind; null when none is of its kind.
const KeyTemplate* nearest_template(const PublicArea& area, KeyRole role);

/// The structure for a key that arrives as a plain public key: with the default template for its kind. kUnsupported
/// when no endorsement key has this kind. RSA: the modulus; ECC: both coordinates, padded.
Result<PublicArea> make_endorsement_key(const RsaPublic& key);
Result<PublicArea> make_endorsement_key(const EccPublic& key);

/// "PolicySecret(endorsement)" and such for the policies of the templates, else the digest.
std::string policy_name(const Bytes& policy);
/// "fixedTPM", "restricted" ... in the order of their bits.
std::vector<std::string> attribute_names(std::uint32_t attributes);

}  // namespace muster::crypto::tpm
