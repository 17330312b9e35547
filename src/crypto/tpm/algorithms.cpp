#include "crypto/tpm/algorithms.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace muster::crypto::tpm {
namespace {

using CipherPtr = std::unique_ptr<EVP_CIPHER, OpensslFree<EVP_CIPHER_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>>;

CipherPtr fetch_cipher(const char* name) {
  CipherPtr cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
  require(cipher != nullptr, "OpenSSL offers no AES in CFB mode");
  return cipher;
}

const EVP_CIPHER* cipher_for(std::size_t key_size) {
  static const CipherPtr aes128 = fetch_cipher("AES-128-CFB");
  static const CipherPtr aes256 = fetch_cipher("AES-256-CFB");
  if (key_size == 16) return aes128.get();
  require(key_size == 32 ? 1 : 0, "an AES key has 16 or 32 octets here");
  return aes256.get();
}

}  // namespace

std::string algorithm_name(std::uint16_t algorithm) {
  switch (algorithm) {
    case kRsa:
      return "RSA";
    case kEcc:
      return "ECC";
    case kKeyedHash:
      return "keyed hash";
    case kSymCipher:
      return "symmetric cipher";
    case kSha1:
      return "SHA-1";
    case kSha256:
      return "SHA-256";
    case kSha384:
      return "SHA-384";
    case kSha512:
      return "SHA-512";
    case kAes:
      return "AES";
    case kXor:
      return "XOR";
    case kNull:
      return "none";
    case kCfb:
      return "CFB";
    default:
      return fmt::format("0x{:04x}", algorithm);
  }
}

std::string curve_name(std::uint16_t curve) {
  switch (curve) {
    case kP256:
      return "P-256";
    case kP384:
      return "P-384";
    case kP521:
      return "P-521";
    default:
      return fmt::format("0x{:04x}", curve);
  }
}

std::optional<Hash> hash_of(std::uint16_t algorithm) {
  if (algorithm == kSha256) return Hash::kSha256;
  if (algorithm == kSha384) return Hash::kSha384;
  return std::nullopt;
}

std::size_t digest_size(Hash hash) {
  return hash == Hash::kSha256 ? sizeof(Sha256) : sizeof(Sha384);
}

Bytes digest(Hash hash, ByteView data) {
  if (hash == Hash::kSha384) {
    const Sha384 out = sha384(data);
    return {out.begin(), out.end()};
  }
  const Sha256 out = sha256(data);
  return {out.begin(), out.end()};
}

Bytes hmac(Hash hash, ByteView key, ByteView data) {
  if (hash == Hash::kSha384) {
    const Sha384 out = hmac_sha384(key, data);
    return {out.begin(), out.end()};
  }
  const Sha256 out = hmac_sha256(key, data);
  return {out.begin(), out.end()};
}

Bytes encrypt_cfb(const SecretBytes& key, ByteView plain) {
  static constexpr std::array<std::uint8_t, 16> kZeroIv{};
  thread_local const CipherContextPtr context(EVP_CIPHER_CTX_new());
  require(context != nullptr, "no memory for a cipher");
  Bytes out(plain.size());
  int size = 0;
  require(EVP_EncryptInit_ex2(context.get(), cipher_for(key.size()), key.reveal().data(), kZeroIv.data(), nullptr),
          "AES cannot start");
  require(EVP_EncryptUpdate(context.get(), out.data(), &size, plain.data(), int_size(plain.size())), "AES fails");
  // The context lives as long as the thread; its key must not.
  require(EVP_CIPHER_CTX_reset(context.get()), "AES cannot be wiped");
  return out;
}

}  // namespace muster::crypto::tpm
