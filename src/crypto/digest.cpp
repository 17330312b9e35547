#include "crypto/digest.h"

#include <memory>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

using MdPtr = std::unique_ptr<EVP_MD, OpensslFree<EVP_MD_free>>;
using MdContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using MacPtr = std::unique_ptr<EVP_MAC, OpensslFree<EVP_MAC_free>>;
using MacContextPtr = std::unique_ptr<EVP_MAC_CTX, OpensslFree<EVP_MAC_CTX_free>>;

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

MacContextPtr make_hmac_context(std::string digest) {
  static const MacPtr mac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
  MacContextPtr context(EVP_MAC_CTX_new(mac.get()));
  const std::array params{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                          OSSL_PARAM_construct_end()};
  require(context != nullptr && EVP_MAC_CTX_set_params(context.get(), params.data()) == 1, "OpenSSL offers no HMAC");
  return context;
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> hmac(EVP_MAC_CTX* context, ByteView key, ByteView data) {
  static constexpr std::uint8_t kZero = 0;
  std::array<std::uint8_t, kSize> out{};
  std::size_t size = 0;
  // A null key would mean "the key of the call before", so an empty key needs an address too.
  require(EVP_MAC_init(context, key.empty() ? &kZero : key.data(), key.size(), nullptr), "HMAC cannot start");
  require(EVP_MAC_update(context, data.data(), data.size()), "HMAC fails");
  require(EVP_MAC_final(context, out.data(), &size, out.size()), "HMAC cannot end");
  // The context lives as long as the thread; another key takes the place of the secret one.
  require(EVP_MAC_init(context, &kZero, 1, nullptr), "HMAC cannot be wiped");
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
  thread_local const MacContextPtr context = make_hmac_context("SHA256");
  return hmac<32>(context.get(), key, data);
}

Sha384 hmac_sha384(ByteView key, ByteView data) {
  thread_local const MacContextPtr context = make_hmac_context("SHA384");
  return hmac<48>(context.get(), key, data);
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
