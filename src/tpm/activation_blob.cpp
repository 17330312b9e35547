#include "tpm/activation_blob.h"

#include <fmt/format.h>
#include <tss2/tss2_mu.h>

namespace muster::tpm {
namespace {

/// Reads piece by piece; the first that cannot be read is remembered.
class Reader {
 public:
  explicit Reader(ByteView blob) : blob_(blob) {}

  template <class Piece, class Unmarshal>
  void read(Piece& piece, Unmarshal unmarshal, const char* name) {
    if (wrong_ != nullptr) return;
    if (unmarshal(blob_.data(), blob_.size(), &at_, &piece) != TSS2_RC_SUCCESS) wrong_ = name;
  }

  /// Two octets of size and so many octets.
  void skip(const char* name) {
    UINT16 size = 0;
    read(size, Tss2_MU_UINT16_Unmarshal, name);
    if (wrong_ != nullptr) return;
    if (blob_.size() - at_ < size) {
      wrong_ = name;
    } else {
      at_ += size;
    }
  }

  Result<void> finish() const {
    if (wrong_ != nullptr) return invalid(fmt::format("The activation blob has no readable {}.", wrong_));
    if (at_ != blob_.size()) return invalid(fmt::format("{} octets stand behind the activation blob.", left()));
    return {};
  }

 private:
  [[nodiscard]] std::size_t left() const { return blob_.size() - at_; }

  ByteView blob_;
  std::size_t at_ = 0;
  const char* wrong_ = nullptr;
};

}  // namespace

Result<ActivationBlob> parse_activation_blob(ByteView blob) {
  if (blob.empty()) return invalid("The activation blob is empty.");
  ActivationBlob out;
  Reader reader(blob);
  reader.read(out.credential, Tss2_MU_TPM2B_ID_OBJECT_Unmarshal, "credential");
  reader.read(out.to_endorsement_key, Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal, "secret for the endorsement key");
  reader.read(out.duplicate, Tss2_MU_TPM2B_PRIVATE_Unmarshal, "private part of a key");
  reader.read(out.to_storage_root_key, Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal, "secret for the storage root key");
  reader.read(out.public_area, Tss2_MU_TPM2B_PUBLIC_Unmarshal, "public part of a key");
  reader.skip("text");
  if (auto whole = reader.finish(); !whole) return std::unexpected(whole.error());
  return out;
}

}  // namespace muster::tpm
