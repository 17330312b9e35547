#include <algorithm>

#include "tpm/state.h"

namespace muster::tpm {
namespace {

constexpr Handle kRsaCertificateIndex = 0x01C00002;

/// What every TPM can read at once (TPM2_PT_NV_BUFFER_MAX is 512 at least in the PC Client profile).
constexpr UINT16 kPiece = 512;

/// Octets of the DER element at the start: makers round the room of a certificate up. All of it when it is none.
std::size_t der_size(ByteView octets) {
  constexpr std::uint8_t kSequence = 0x30;
  constexpr std::uint8_t kTwoOctetsOfLength = 0x82;
  constexpr std::size_t kHeader = 4;
  if (octets.size() < kHeader || octets[0] != kSequence || octets[1] != kTwoOctetsOfLength) return octets.size();
  const std::size_t length = static_cast<std::size_t>(octets[2]) << 8 | octets[3];
  return std::min(octets.size(), kHeader + length);
}

Result<UINT16> size_of(const Esys& esys, const Held& index) {
  EsysPtr<TPM2B_NV_PUBLIC> found;
  const auto code =
      Esys_NV_ReadPublic(esys.get(), index.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out(found), nullptr);
  if (auto good = check(code, "say how large its certificate is"); !good) return std::unexpected(good.error());
  return found->nvPublic.dataSize;
}

}  // namespace

Result<std::optional<Bytes>> Tpm::endorsement_certificate() {
  const Esys& esys = state_->esys;
  auto index = find(esys, kRsaCertificateIndex);
  if (!index && index.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!index) return std::unexpected(index.error());
  const auto size = size_of(esys, *index);
  if (!size) return std::unexpected(size.error());

  Bytes octets;
  while (octets.size() < *size) {
    const auto done = static_cast<UINT16>(octets.size());
    const auto wanted = std::min<UINT16>(kPiece, static_cast<UINT16>(*size - done));
    EsysPtr<TPM2B_MAX_NV_BUFFER> piece;
    // With the index's own, empty authorization, so that nobody needs the owner's to read a certificate.
    const auto code = Esys_NV_Read(esys.get(), index->get(), index->get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                   wanted, done, out(piece));
    if (auto good = check(code, "read its certificate"); !good) return std::unexpected(good.error());
    if (piece->size == 0) return fail(ErrorCode::kInternal, "The TPM gave less of its certificate than it has.");
    octets.insert(octets.end(), piece->buffer, piece->buffer + piece->size);
  }
  octets.resize(der_size(octets));
  return octets;
}

}  // namespace muster::tpm
