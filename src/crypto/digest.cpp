#include "crypto/digest.h"

#include <algorithm>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "crypto/openssl.h"

// The functions of SHA-2 below the EVP interface are deprecated in OpenSSL 3; those above it allocate for each call.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace muster::crypto {
namespace {

using MdPtr = std::unique_ptr<EVP_MD, OpensslFree<EVP_MD_free>>;
using MdContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;

MdPtr fetch_digest(const char* name) {
  MdPtr md(EVP_MD_fetch(nullptr, name, nullptr));
  require(md != nullptr, "OpenSSL offers no such digest");
  return md;
}

const EVP_MD* sha256_digest() {
  static const MdPtr md = fetch_digest("SHA256");
  return md.get();
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> digest(const EVP_MD* md, ByteView data) {
  // One context per thread: making one costs as much as hashing a short text.
  thread_local const MdContextPtr context(EVP_MD_CTX_new());
  std::array<std::uint8_t, kSize> out{};
  require(EVP_DigestInit_ex2(context.get(), md, nullptr), "digest cannot start");
  require(EVP_DigestUpdate(context.get(), data.data(), data.size()), "digest fails");
  require(EVP_DigestFinal_ex(context.get(), out.data(), nullptr), "digest cannot end");
  return out;
}

/// RFC 2104 with the functions of one SHA-2, all of it on the stack: OpenSSL's own HMAC makes and frees a dozen
/// objects. `Context` is the state of `kInit`, `kUpdate` and `kFinal`.
template <std::size_t kSize, std::size_t kBlock, class Context, auto kInit, auto kUpdate, auto kFinal>
std::array<std::uint8_t, kSize> hmac(ByteView key, ByteView data) {
  std::array<std::uint8_t, kBlock> pad{};
  Context state;
  if (key.size() > kBlock) {
    kInit(&state);
    kUpdate(&state, key.data(), key.size());
    kFinal(pad.data(), &state);
  } else {
    std::ranges::copy(key, pad.begin());
  }
  const auto hash = [&](std::uint8_t mask, ByteView message, std::array<std::uint8_t, kSize>& out) {
    for (std::uint8_t& octet : pad) octet ^= mask;
    kInit(&state);
    kUpdate(&state, pad.data(), pad.size());
    kUpdate(&state, message.data(), message.size());
    kFinal(out.data(), &state);
  };
  std::array<std::uint8_t, kSize> out{};
  hash(0x36, data, out);
  hash(0x36 ^ 0x5c, out, out);  // takes the first mask off
  OPENSSL_cleanse(pad.data(), pad.size());
  OPENSSL_cleanse(&state, sizeof state);
  return out;
}

}  // namespace

Sha256 sha256(ByteView data) {
  return digest<32>(sha256_digest(), data);
}

Sha384 sha384(ByteView data) {
  static const MdPtr md = fetch_digest("SHA384");
  return digest<48>(md.get(), data);
}

struct Sha256Stream::Context {
  MdContextPtr native{EVP_MD_CTX_new()};
};

Sha256Stream::Sha256Stream() : context_(std::make_unique<Context>()) {
  require(EVP_DigestInit_ex2(context_->native.get(), sha256_digest(), nullptr), "digest cannot start");
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::update(ByteView data) {
  require(EVP_DigestUpdate(context_->native.get(), data.data(), data.size()), "digest fails");
}

Sha256 Sha256Stream::finish() {
  Sha256 out{};
  require(EVP_DigestFinal_ex(context_->native.get(), out.data(), nullptr), "digest cannot end");
  return out;
}

Sha1 sha1(ByteView data) {
  static const MdPtr md = fetch_digest("SHA1");
  return digest<20>(md.get(), data);
}

Sha256 hmac_sha256(ByteView key, ByteView data) {
  return hmac<32, SHA256_CBLOCK, SHA256_CTX, SHA256_Init, SHA256_Update, SHA256_Final>(key, data);
}

Sha384 hmac_sha384(ByteView key, ByteView data) {
  return hmac<48, SHA512_CBLOCK, SHA512_CTX, SHA384_Init, SHA384_Update, SHA384_Final>(key, data);
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

SecretBytes derive_device_key(const SecretBytes& master, std::string_view registration_id) {
  Sha256 key = hmac_sha256(master.reveal(), as_bytes(registration_id));
  SecretBytes out{ByteView(key)};
  OPENSSL_cleanse(key.data(), key.size());
  return out;
}

}  // namespace muster::crypto
