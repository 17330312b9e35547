#include "muster/sasl_tpm.h"

namespace muster::cli {
namespace {

// Control octets begin every message (device-api.md 5.4).
constexpr std::uint8_t kPlain = 0x00;
constexpr std::uint8_t kSegment = 0x80;
constexpr std::uint8_t kLast = 0x40;
constexpr std::uint8_t kSequence = 0x03;

std::unexpected<Error> out_of_place() {
  return fail(ErrorCode::kInternal, "The service sent segments of a TPM's challenge out of place.");
}

Bytes message(std::initializer_list<ByteView> parts) {
  Bytes out{kPlain};
  for (const ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

/// A key that was read from the TPM.
Bytes octets_of(const std::string& base64) {
  return from_base64(base64).value_or(Bytes());
}

}  // namespace

Result<Bytes> SaslTpm::first_response() {
  const Bytes separator{0};
  return message({as_bytes(device_.id_scope), separator, as_bytes(device_.registration_id), separator,
                  octets_of(device_.tpm->endorsement_key)});
}

Result<Bytes> SaslTpm::respond(ByteView challenge) {
  if (challenge.empty()) return out_of_place();
  const std::uint8_t control = challenge.front();
  if ((control & kSegment) != 0) return take_segment(control, challenge.subspan(1));
  return message({octets_of(device_.tpm->storage_root_key)});
}

Result<Bytes> SaslTpm::take_segment(std::uint8_t control, ByteView part) {
  if ((control & kSequence) != (segments_ & kSequence)) return out_of_place();
  ++segments_;
  blob_.insert(blob_.end(), part.begin(), part.end());
  return (control & kLast) != 0 ? answer_with_token() : message({});
}

Result<Bytes> SaslTpm::answer_with_token() {
  if (auto activated = key_.activate(blob_); !activated) return std::unexpected(activated.error());
  const auto token = tpm_token(device_, key_, clock_);
  if (!token) return std::unexpected(token.error());
  return message({as_bytes(*token)});
}

}  // namespace muster::cli
