// Public keys of TPMs in all their forms: total parsers; what is judged usable can be computed with, in both roles, and
// what was read is written the same way.
#include <cstdlib>

#include "crypto/tpm/activation.h"
#include "crypto/tpm/key_input.h"

namespace {

namespace tpm = muster::crypto::tpm;

void examine(const tpm::PublicArea& area, muster::Random& random) {
  const auto again = tpm::parse_public(area.octets);
  if (!again || again->octets != area.octets) std::abort();
  if (tpm::default_registration_id(area).size() != 52) std::abort();
  (void)tpm::key_name(area);
  (void)tpm::policy_name(area.policy);
  (void)tpm::attribute_names(area.attributes);
  for (const auto role : {tpm::KeyRole::kEndorsement, tpm::KeyRole::kStorageRoot}) {
    if (const auto* nearest = tpm::nearest_template(area, role)) (void)tpm::differences(area, *nearest);
    const auto problems = tpm::find_problems(area, role);
    const auto key = tpm::ParentKey::make(area, role);
    if (key.has_value() != problems.empty()) std::abort();
    if (!key) continue;
    const muster::SecretBytes secret(muster::Bytes(tpm::kDeliveredKeySize, 1));
    if (tpm::make_activation(*key, *key, secret, "x", random).size() < 300) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::SequenceRandom random;
  const muster::ByteView octets(data, size);
  const std::string_view text = muster::as_text(octets);
  if (const auto strict = tpm::parse_public(octets)) {
    if (strict->octets.size() != size) std::abort();
    examine(*strict, random);
  }
  if (const auto area = tpm::parse_public_with_or_without_size(octets)) examine(*area, random);
  if (const auto area = tpm::endorsement_key_from_text(text)) examine(*area, random);
  if (const auto area = tpm::endorsement_key_from_file(text)) examine(*area, random);
  return 0;
}
