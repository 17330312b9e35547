#include "server/tls/key_schedule.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace muster::server {
namespace {

constexpr const char* kName = "muster";
constexpr const char* kDefinition = "provider=muster";
constexpr const char* kPreferred = "?provider=muster";
constexpr std::size_t kLongestHash = 48;
constexpr std::size_t kLongestField = 255;  // of a label and of a context: RFC 8446 section 7.1

using Secret = std::array<std::uint8_t, kLongestHash>;

struct Hash {
  std::size_t size;
  void (*hmac)(ByteView key, ByteView data, std::uint8_t* out);
  void (*digest)(ByteView data, std::uint8_t* out);
};

template <auto kHmac, auto kDigest>
constexpr Hash hash_with(std::size_t size) {
  return {.size = size,
          .hmac =
              [](ByteView key, ByteView data, std::uint8_t* out) {
                auto mac = kHmac(key, data);
                std::ranges::copy(mac, out);
                OPENSSL_cleanse(mac.data(), mac.size());
              },
          .digest = [](ByteView data, std::uint8_t* out) { std::ranges::copy(kDigest(data), out); }};
}
constexpr Hash kSha256 = hash_with<crypto::hmac_sha256, crypto::sha256>(32);
constexpr Hash kSha384 = hash_with<crypto::hmac_sha384, crypto::sha384>(48);

/// What one call asks for; views into its parameters.
struct Request {
  int mode = -1;
  const Hash* hash = nullptr;
  ByteView key = {};
  ByteView salt = {};
  ByteView prefix = {};
  ByteView label = {};
  ByteView data = {};
};

/// By the names that providers have for them.
const Hash* hash_named(std::string_view name) {
  if (name == "SHA384" || name == "SHA2-384") return &kSha384;
  if (name == "SHA256" || name == "SHA2-256") return &kSha256;
  return nullptr;
}

Request read(const OSSL_PARAM* params) {
  Request out;
  for (; params != nullptr && params->key != nullptr; ++params) {
    const std::string_view name = params->key;
    const ByteView octets(static_cast<const std::uint8_t*>(params->data), params->data_size);
    if (name == OSSL_KDF_PARAM_MODE) {
      OSSL_PARAM_get_int(params, &out.mode);
    } else if (name == OSSL_KDF_PARAM_DIGEST) {
      out.hash = hash_named(as_text(octets));
    } else if (name == OSSL_KDF_PARAM_KEY) {
      out.key = octets;
    } else if (name == OSSL_KDF_PARAM_SALT) {
      out.salt = octets;
    } else if (name == OSSL_KDF_PARAM_PREFIX) {
      out.prefix = octets;
    } else if (name == OSSL_KDF_PARAM_LABEL) {
      out.label = octets;
    } else if (name == OSSL_KDF_PARAM_DATA) {
      out.data = octets;
    }
  }
  return out;
}

/// HKDF-Expand-Label of RFC 8446 section 7.1 with HKDF-Expand of RFC 5869 section 2.3.
bool expand_label(const Request& request, ByteView secret, ByteView context, std::uint8_t* out, std::size_t size) {
  const std::size_t hash_size = request.hash->size;
  const std::size_t label_size = request.prefix.size() + request.label.size();
  if (secret.size() != hash_size || label_size > kLongestField || context.size() > kLongestField ||
      size > kLongestField * hash_size) {
    return false;
  }
  // T(n - 1), which is empty for the first, then HkdfLabel, then n.
  std::array<std::uint8_t, kLongestHash + 2 + 1 + kLongestField + 1 + kLongestField + 1> message{};
  std::uint8_t* const info = message.data() + hash_size;
  std::uint8_t* end = info;
  *end++ = static_cast<std::uint8_t>(size >> 8U);
  *end++ = static_cast<std::uint8_t>(size);
  *end++ = static_cast<std::uint8_t>(label_size);
  end = std::ranges::copy(request.prefix, end).out;
  end = std::ranges::copy(request.label, end).out;
  *end++ = static_cast<std::uint8_t>(context.size());
  end = std::ranges::copy(context, end).out;
  Secret block{};
  const std::uint8_t* start = info;
  for (std::uint8_t number = 1; size > 0; ++number) {
    *end = number;
    request.hash->hmac(secret, ByteView(start, end + 1), block.data());
    const std::size_t part = std::min(size, hash_size);
    out = std::copy_n(block.data(), part, out);
    size -= part;
    std::copy_n(block.data(), hash_size, message.data());
    start = message.data();
  }
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(message.data(), hash_size);
  return true;
}

/// Where every handshake without a pre-shared key begins, so that none has to compute it (RFC 8446 section 7.1).
struct Start {
  Secret hash_of_nothing{};
  Secret early_secret{};
  Secret derived{};  // from it, for the secret that follows
};

constexpr std::string_view kPrefix = "tls13 ";
constexpr std::string_view kDerived = "derived";

ByteView first(const Secret& secret, const Hash& hash) {
  return ByteView(secret).first(hash.size);
}

Start start_with(const Hash& hash) {
  Start out;
  hash.digest({}, out.hash_of_nothing.data());
  const Secret zero{};
  hash.hmac(first(zero, hash), first(zero, hash), out.early_secret.data());
  const Request request{.hash = &hash, .prefix = as_bytes(kPrefix), .label = as_bytes(kDerived)};
  expand_label(request, first(out.early_secret, hash), first(out.hash_of_nothing, hash), out.derived.data(), hash.size);
  return out;
}

const Start& start_of(const Hash& hash) {
  static const Start sha256 = start_with(kSha256);
  static const Start sha384 = start_with(kSha384);
  return &hash == &kSha256 ? sha256 : sha384;
}

/// Derive-Secret(salt, "derived", "") into `out`.
bool derive_salt(const Request& request, Secret& out) {
  const Hash& hash = *request.hash;
  const Start& start = start_of(hash);
  const bool is_start = std::ranges::equal(request.salt, first(start.early_secret, hash)) &&
                        as_text(request.prefix) == kPrefix && as_text(request.label) == kDerived;
  if (is_start) out = start.derived;
  return is_start || expand_label(request, request.salt, first(start.hash_of_nothing, hash), out.data(), hash.size);
}

/// A step down the left side of the key schedule: HKDF-Extract (RFC 5869 section 2.2) with what is derived from the
/// secret before, or nothing, and a new secret, or nothing.
bool extract(const Request& request, std::uint8_t* out, std::size_t size) {
  const Hash& hash = *request.hash;
  if (size != hash.size) return false;
  if (request.salt.empty() && request.key.empty()) {
    std::ranges::copy(first(start_of(hash).early_secret, hash), out);
    return true;
  }
  static constexpr Secret kZero{};
  Secret salt{};
  if (!request.salt.empty() && !derive_salt(request, salt)) return false;
  hash.hmac(first(salt, hash), request.key.empty() ? first(kZero, hash) : request.key, out);
  OPENSSL_cleanse(salt.data(), salt.size());
  return true;
}

int derive(void* /*context*/, unsigned char* out, std::size_t size, const OSSL_PARAM* params) {
  const Request request = read(params);
  if (request.hash == nullptr) return 0;
  switch (request.mode) {
    case EVP_KDF_HKDF_MODE_EXTRACT_ONLY:
      return extract(request, out, size) ? 1 : 0;
    case EVP_KDF_HKDF_MODE_EXPAND_ONLY:
      return expand_label(request, request.key, request.data, out, size) ? 1 : 0;
    default:
      return 0;
  }
}

/// Everything comes with the call, so all contexts are one that holds nothing.
void* new_context(void* provider) {
  return provider;
}

void free_context(void* /*context*/) {
}

template <class Function>
constexpr OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* functions_of(void* /*provider*/, int operation, int* no_cache) {
  static const std::array functions{
      entry<OSSL_FUNC_kdf_newctx_fn>(OSSL_FUNC_KDF_NEWCTX, new_context),
      entry<OSSL_FUNC_kdf_freectx_fn>(OSSL_FUNC_KDF_FREECTX, free_context),
      entry<OSSL_FUNC_kdf_derive_fn>(OSSL_FUNC_KDF_DERIVE, derive),
      OSSL_DISPATCH{},
  };
  static const std::array algorithms{
      OSSL_ALGORITHM{OSSL_KDF_NAME_TLS1_3_KDF, kDefinition, functions.data(), "key schedule of TLS 1.3"},
      OSSL_ALGORITHM{},
  };
  *no_cache = 0;
  return operation == OSSL_OP_KDF ? algorithms.data() : nullptr;
}

int initialize(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* /*core*/, const OSSL_DISPATCH** out,
               void** provider) {
  static const std::array functions{
      entry<OSSL_FUNC_provider_query_operation_fn>(OSSL_FUNC_PROVIDER_QUERY_OPERATION, functions_of),
      OSSL_DISPATCH{},
  };
  *out = functions.data();
  *provider = const_cast<OSSL_CORE_HANDLE*>(handle);  // anything that is not null
  return 1;
}

using KdfPtr = std::unique_ptr<EVP_KDF, crypto::OpensslFree<EVP_KDF_free>>;
using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, crypto::OpensslFree<EVP_KDF_CTX_free>>;

/// What the key schedule with such a property query makes of fixed secrets; nullopt when it fails.
std::optional<Bytes> computed(const char* properties, int mode, std::string digest, std::size_t size) {
  const KdfPtr kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_3_KDF, properties));
  const KdfContextPtr context(EVP_KDF_CTX_new(kdf.get()));
  if (!context) return std::nullopt;
  Bytes secret(size, 0x5c);
  Bytes salt(size, 0x36);
  std::string prefix = "tls13 ";
  std::string label = "derived";
  const std::array params{OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                          OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                          OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
                          OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
                          OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
                          OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
                          OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_DATA, salt.data(), salt.size()),
                          OSSL_PARAM_construct_end()};
  Bytes out(size);
  if (EVP_KDF_derive(context.get(), out.data(), out.size(), params.data()) != 1) return std::nullopt;
  return out;
}

bool computes_the_same(int mode, const char* digest, std::size_t size) {
  const auto ours = computed(kDefinition, mode, digest, size);
  return ours && ours == computed("provider!=muster", mode, digest, size);
}

/// Null when it cannot be loaded. Beside the default provider, which OpenSSL would drop when another one is loaded
/// without saying so.
OSSL_PROVIDER* load() {
  if (OSSL_PROVIDER_add_builtin(nullptr, kName, initialize) != 1) return nullptr;
  return OSSL_PROVIDER_try_load(nullptr, kName, 1);
}

bool is_usable() {
  const crypto::ErrorQueueGuard guard;
  static const OSSL_PROVIDER* const provider = load();  // never unloaded: TLS needs it to the end
  return provider != nullptr &&
         std::ranges::all_of(std::array{EVP_KDF_HKDF_MODE_EXTRACT_ONLY, EVP_KDF_HKDF_MODE_EXPAND_ONLY}, [](int mode) {
           return computes_the_same(mode, "SHA256", 32) && computes_the_same(mode, "SHA384", 48);
         });
}

}  // namespace

const char* fast_key_schedule() {
  static const bool usable = is_usable();
  return usable ? kPreferred : nullptr;
}

}  // namespace muster::server
