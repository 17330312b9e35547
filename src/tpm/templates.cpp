#include "tpm/templates.h"

#include <algorithm>
#include <array>

namespace muster::tpm {
namespace {

constexpr UINT16 kKeyBits = 2048;

/// PolicySecret(endorsement): who knows the endorsement hierarchy's authorization may use the key.
constexpr std::array<BYTE, TPM2_SHA256_DIGEST_SIZE> kEndorsementPolicy = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24,
    0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA};

constexpr TPMA_OBJECT kStorageParent = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                       TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;

}  // namespace

TPM2B_PUBLIC template_of(KeyRole role) {
  TPM2B_PUBLIC out{};
  TPMT_PUBLIC& area = out.publicArea;
  area.type = TPM2_ALG_RSA;
  area.nameAlg = TPM2_ALG_SHA256;
  if (role == KeyRole::kEndorsement) {
    area.objectAttributes = kStorageParent | TPMA_OBJECT_ADMINWITHPOLICY;
    area.authPolicy.size = kEndorsementPolicy.size();
    std::ranges::copy(kEndorsementPolicy, area.authPolicy.buffer);
  } else {
    area.objectAttributes = kStorageParent | TPMA_OBJECT_NODA | TPMA_OBJECT_USERWITHAUTH;
  }
  TPMS_RSA_PARMS& rsa = area.parameters.rsaDetail;
  rsa.symmetric.algorithm = TPM2_ALG_AES;
  rsa.symmetric.keyBits.aes = 128;
  rsa.symmetric.mode.aes = TPM2_ALG_CFB;
  rsa.scheme.scheme = TPM2_ALG_NULL;
  rsa.keyBits = kKeyBits;
  area.unique.rsa.size = kKeyBits / 8;
  return out;
}

const char* name_of(KeyRole role) {
  return role == KeyRole::kEndorsement ? "endorsement key" : "storage root key";
}

}  // namespace muster::tpm
