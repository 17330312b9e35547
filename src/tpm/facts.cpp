#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "tpm/state.h"

namespace muster::tpm {
namespace {

using Properties = std::map<TPM2_PT, UINT32>;

/// A group of properties, such as TPM2_PT_FIXED, from its first on.
Result<void> read_group(const Esys& esys, TPM2_PT group, Properties& all) {
  EsysPtr<TPMS_CAPABILITY_DATA> found;
  TPMI_YES_NO more = TPM2_NO;
  const auto code = Esys_GetCapability(esys.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                                       group, TPM2_MAX_TPM_PROPERTIES, &more, out(found));
  if (auto good = check(code, "tell about itself"); !good) return good;
  const TPML_TAGGED_TPM_PROPERTY& list = found->data.tpmProperties;
  for (const auto& each : std::span(list.tpmProperty).first(list.count)) all[each.property] = each.value;
  return {};
}

UINT32 value_of(const Properties& all, TPM2_PT property) {
  const auto found = all.find(property);
  return found == all.end() ? 0 : found->second;
}

/// Four octets of text, of which the last ones may be NUL or blank.
std::string letters(UINT32 value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const char letter = static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFF);
    if (letter >= ' ' && letter <= '~') out.push_back(letter);
  }
  return out;
}

std::string model_of(const Properties& all) {
  std::string out;
  for (TPM2_PT each = TPM2_PT_VENDOR_STRING_1; each <= TPM2_PT_VENDOR_STRING_4; ++each) {
    out += letters(value_of(all, each));
  }
  return std::string(trim(out));
}

std::string firmware_of(const Properties& all) {
  const UINT32 first = value_of(all, TPM2_PT_FIRMWARE_VERSION_1);
  const UINT32 second = value_of(all, TPM2_PT_FIRMWARE_VERSION_2);
  return fmt::format("{}.{}.{}.{}", first >> 16, first & 0xFFFF, second >> 16, second & 0xFFFF);
}

}  // namespace

Result<Facts> Tpm::facts() {
  Properties all;
  for (const TPM2_PT group : {TPM2_PT_FIXED, TPM2_PT_VAR}) {
    if (auto read = read_group(state_->esys, group, all); !read) return std::unexpected(read.error());
  }
  constexpr UINT32 kHundredths = 100;
  const UINT32 revision = value_of(all, TPM2_PT_REVISION);
  const TPMA_PERMANENT permanent = value_of(all, TPM2_PT_PERMANENT);
  return Facts{.manufacturer = std::string(trim(letters(value_of(all, TPM2_PT_MANUFACTURER)))),
               .model = model_of(all),
               .firmware = firmware_of(all),
               .specification = fmt::format("{}.{:02}", revision / kHundredths, revision % kHundredths),
               .owner_authorization = (permanent & TPMA_PERMANENT_OWNERAUTHSET) != 0,
               .endorsement_authorization = (permanent & TPMA_PERMANENT_ENDORSEMENTAUTHSET) != 0,
               .lockout_authorization = (permanent & TPMA_PERMANENT_LOCKOUTAUTHSET) != 0,
               .locked_out = (permanent & TPMA_PERMANENT_INLOCKOUT) != 0,
               .clear_disabled = (permanent & TPMA_PERMANENT_DISABLECLEAR) != 0};
}

}  // namespace muster::tpm
