#include "crypto/sealing.h"

#include <algorithm>
#include <atomic>
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

enum class Direction : int { kOpen = 0, kSeal = 1 };  // as EVP_CipherInit_ex2 counts them

/// A thread's cipher for one direction. Setting a key costs as much as sealing a short text, so it stays set until
/// another sealer comes.
class Cipher {
 public:
  explicit Cipher(Direction direction) : context_(EVP_CIPHER_CTX_new()), direction_(direction) {
    require(context_ != nullptr, "no memory for a cipher");
  }

  /// Ready for a text with this nonce.
  EVP_CIPHER_CTX* start(std::uint64_t sealer, const SecretBytes& key, ByteView nonce) {
    const bool has_key = sealer == sealer_;
    sealer_ = 0;
    require(
        EVP_CipherInit_ex2(context_.get(), has_key ? nullptr : aes_256_gcm(), has_key ? nullptr : key.reveal().data(),
                           nonce.data(), static_cast<int>(direction_), nullptr),
        "cipher cannot start");
    sealer_ = sealer;
    return context_.get();
  }

 private:
  ContextPtr context_;
  Direction direction_;
  std::uint64_t sealer_ = 0;  ///< whose key is set
};

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

std::unexpected<Error> damaged(std::string why) {
  return fail(ErrorCode::kInternal, "A sealed value cannot be opened.", std::move(why));
}

}  // namespace

Sealer::Sealer(SecretBytes key, Random& random) : key_(std::move(key)), random_(random), id_(next_id()) {
  if (key_.size() != kKeySize) throw std::invalid_argument("the sealing key must hold 32 octets");
}

Bytes Sealer::seal(const SecretBytes& secret, std::string_view context) const {
  const ByteView plain = secret.reveal();
  Bytes out(plain.size() + kOverhead);
  out[0] = kVersion;
  const std::span nonce(out.data() + 1, kNonceSize);
  random_.fill(nonce);
  std::uint8_t* const cipher_text = nonce.data() + kNonceSize;

  thread_local Cipher t_cipher(Direction::kSeal);
  EVP_CIPHER_CTX* const cipher = t_cipher.start(id_, key_, nonce);
  int written = 0;
  require(EVP_EncryptUpdate(cipher, nullptr, &written, as_bytes(context).data(), int_size(context.size())),
          "seal: context");
  if (!plain.empty()) {
    require(EVP_EncryptUpdate(cipher, cipher_text, &written, plain.data(), int_size(plain.size())), "seal: text");
  }
  std::uint8_t* const tag = cipher_text + plain.size();
  require(EVP_EncryptFinal_ex(cipher, tag, &written), "seal: end");
  require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag), "seal: tag");
  return out;
}

Result<SecretBytes> Sealer::open(ByteView sealed, std::string_view context) const {
  const ErrorQueueGuard guard;
  if (sealed.size() < kOverhead) return damaged("too short");
  if (sealed[0] != kVersion) return damaged("unknown version " + std::to_string(sealed[0]));
  const ByteView nonce = sealed.subspan(1, kNonceSize);
  const ByteView cipher_text = sealed.subspan(1 + kNonceSize, sealed.size() - kOverhead);
  Bytes tag(sealed.end() - kTagSize, sealed.end());

  thread_local Cipher t_cipher(Direction::kOpen);
  EVP_CIPHER_CTX* const cipher = t_cipher.start(id_, key_, nonce);
  Bytes plain(cipher_text.size());
  int written = 0;
  require(EVP_DecryptUpdate(cipher, nullptr, &written, as_bytes(context).data(), int_size(context.size())),
          "open: context");
  if (!plain.empty()) {
    require(EVP_DecryptUpdate(cipher, plain.data(), &written, cipher_text.data(), int_size(cipher_text.size())),
            "open: text");
  }
  // Taken over before the check, so that text from a forged value is wiped too.
  SecretBytes secret(std::move(plain));
  require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()), "open: tag");
  std::uint8_t none = 0;
  if (EVP_DecryptFinal_ex(cipher, &none, &written) != 1) {
    return damaged("the tag does not match: damaged, or sealed with another key or for another place");
  }
  return secret;
}

}  // namespace muster::crypto
