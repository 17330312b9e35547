#include "crypto/sealing.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kNonceSize = 12;  // NIST SP 800-38D section 8.2.2: 96 random bits
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kOverhead = 1 + kNonceSize + kTagSize;

using CipherPtr = std::unique_ptr<EVP_CIPHER, OpensslFree<EVP_CIPHER_free>>;
using ContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>>;

const EVP_CIPHER* aes_256_gcm() {
  static const CipherPtr cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  require(cipher != nullptr, "OpenSSL offers no AES-256-GCM");
  return cipher.get();
}

ContextPtr make_context() {
  ContextPtr context(EVP_CIPHER_CTX_new());
  require(context != nullptr, "no memory for a cipher");
  return context;
}

std::unexpected<Error> damaged(std::string why) {
  return fail(ErrorCode::kInternal, "A sealed value cannot be opened.", std::move(why));
}

}  // namespace

Sealer::Sealer(SecretBytes key, Random& random) : key_(std::move(key)), random_(random) {
  if (key_.size() != kKeySize) throw std::invalid_argument("the sealing key must hold 32 octets");
}

Bytes Sealer::seal(const SecretBytes& secret, std::string_view context) const {
  const ByteView plain = secret.reveal();
  Bytes out(plain.size() + kOverhead);
  out[0] = kVersion;
  const std::span nonce(out.data() + 1, kNonceSize);
  random_.fill(nonce);
  std::uint8_t* const cipher_text = nonce.data() + kNonceSize;

  const ContextPtr cipher = make_context();
  int written = 0;
  require(EVP_EncryptInit_ex2(cipher.get(), aes_256_gcm(), key_.reveal().data(), nonce.data(), nullptr), "seal: init");
  require(EVP_EncryptUpdate(cipher.get(), nullptr, &written, as_bytes(context).data(), int_size(context.size())),
          "seal: context");
  if (!plain.empty()) {
    require(EVP_EncryptUpdate(cipher.get(), cipher_text, &written, plain.data(), int_size(plain.size())), "seal: text");
  }
  std::uint8_t* const tag = cipher_text + plain.size();
  require(EVP_EncryptFinal_ex(cipher.get(), tag, &written), "seal: end");
  require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag), "seal: tag");
  return out;
}

Result<SecretBytes> Sealer::open(ByteView sealed, std::string_view context) const {
  const ErrorQueueGuard guard;
  if (sealed.size() < kOverhead) return damaged("too short");
  if (sealed[0] != kVersion) return damaged("unknown version " + std::to_string(sealed[0]));
  const ByteView nonce = sealed.subspan(1, kNonceSize);
  const ByteView cipher_text = sealed.subspan(1 + kNonceSize, sealed.size() - kOverhead);
  Bytes tag(sealed.end() - kTagSize, sealed.end());

  const ContextPtr cipher = make_context();
  Bytes plain(cipher_text.size());
  int written = 0;
  require(EVP_DecryptInit_ex2(cipher.get(), aes_256_gcm(), key_.reveal().data(), nonce.data(), nullptr), "open: init");
  require(EVP_DecryptUpdate(cipher.get(), nullptr, &written, as_bytes(context).data(), int_size(context.size())),
          "open: context");
  if (!plain.empty()) {
    require(EVP_DecryptUpdate(cipher.get(), plain.data(), &written, cipher_text.data(), int_size(cipher_text.size())),
            "open: text");
  }
  // Taken over before the check, so that text from a forged value is wiped too.
  SecretBytes secret(std::move(plain));
  require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()), "open: tag");
  std::uint8_t none = 0;
  if (EVP_DecryptFinal_ex(cipher.get(), &none, &written) != 1) {
    return damaged("the tag does not match: damaged, or sealed with another key or for another place");
  }
  return secret;
}

}  // namespace muster::crypto
