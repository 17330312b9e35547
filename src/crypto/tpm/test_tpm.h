#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>

#include "crypto/digest.h"
#include "crypto/openssl.h"
#include "crypto/tpm/key_template.h"
#include "crypto/tpm/octets.h"
#include "crypto/tpm/parent_key.h"

/// For tests and measurements only: what a TPM does with an activation blob, in software and written against OpenSSL's
/// own OAEP, ECDH and key derivations, so that a fault of ours is not made twice.
namespace muster::crypto::tpm::testing {

using NativeKey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using NativeContext = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;

/// A new key; large ones are made once in a process, as they take seconds.
inline NativeKey generate(const KeyTemplate& made_by) {
  if (made_by.type == kEcc) return NativeKey(EVP_EC_gen(made_by.bits_or_curve == kP256 ? "P-256" : "P-384"));
  if (made_by.bits_or_curve == 2048) return NativeKey(EVP_RSA_gen(made_by.bits_or_curve));
  static std::map<std::uint16_t, NativeKey> large;
  NativeKey& key = large[made_by.bits_or_curve];
  if (!key) key.reset(EVP_RSA_gen(made_by.bits_or_curve));
  require(EVP_PKEY_up_ref(key.get()), "one more reference");
  return NativeKey(key.get());
}

inline Bytes number_of(const EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* raw = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &raw), "no such number");
  const BignumPtr number(raw);
  Bytes out(size);
  require(BN_bn2binpad(raw, out.data(), int_size(size)), "the number is too long");
  return out;
}

/// The TPM2B_PUBLIC of a key as a template says.
inline Bytes public_of(const EVP_PKEY* key, const KeyTemplate& made_by) {
  OctetWriter out;
  out.u16(made_by.type).u16(made_by.name_algorithm).u32(made_by.attributes);
  out.sized(from_hex(made_by.policy).value_or(Bytes()));
  out.u16(kAes).u16(made_by.symmetric_bits).u16(kCfb).u16(kNull).u16(made_by.bits_or_curve);
  if (made_by.type == kRsa) {
    out.u32(0).sized(number_of(key, OSSL_PKEY_PARAM_RSA_N, made_by.bits_or_curve / 8U));
  } else {
    const std::size_t size = made_by.bits_or_curve == kP256 ? 32 : 48;
    out.u16(kNull).sized(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size));
    out.sized(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
  }
  return sized(out.take());
}

inline const KeyTemplate& template_named(std::string_view name) {
  return *std::ranges::find(key_templates(), name, &KeyTemplate::name);
}

/// A key inside of the TPM.
struct TpmKey {
  explicit TpmKey(std::string_view template_name)
      : made_by(&template_named(template_name)), key(generate(*made_by)), octets(public_of(key.get(), *made_by)) {}
  TpmKey(const KeyTemplate& known, NativeKey given)
      : made_by(&known), key(std::move(given)), octets(public_of(key.get(), *made_by)) {}

  [[nodiscard]] const char* hash() const { return made_by->name_algorithm == kSha256 ? "SHA256" : "SHA384"; }
  [[nodiscard]] std::size_t hash_size() const { return made_by->name_algorithm == kSha256 ? 32 : 48; }
  [[nodiscard]] Bytes name() const { return ParentKey::parse(octets, made_by->role).value().name(); }

  const KeyTemplate* made_by;
  NativeKey key;
  Bytes octets;  ///< TPM2B_PUBLIC
};

inline Bytes derive(const char* kdf, const std::vector<std::pair<const char*, Bytes>>& octets, const char* hash,
                    std::size_t size) {
  const std::unique_ptr<EVP_KDF, OpensslFree<EVP_KDF_free>> algorithm(EVP_KDF_fetch(nullptr, kdf, nullptr));
  const std::unique_ptr<EVP_KDF_CTX, OpensslFree<EVP_KDF_CTX_free>> context(EVP_KDF_CTX_new(algorithm.get()));
  std::string digest = hash;
  std::string mac = "HMAC";
  std::vector<OSSL_PARAM> params{OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0)};
  if (std::string_view(kdf) == "KBKDF") {
    params.push_back(OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, mac.data(), 0));
  }
  std::vector<Bytes> kept;
  kept.reserve(octets.size());
  for (const auto& [name, value] : octets) {
    kept.push_back(value);
    params.push_back(OSSL_PARAM_construct_octet_string(name, kept.back().data(), kept.back().size()));
  }
  params.push_back(OSSL_PARAM_construct_end());
  Bytes out(size);
  require(EVP_KDF_derive(context.get(), out.data(), size, params.data()), "the key derivation fails");
  return out;
}

inline Bytes octets_of(std::string_view text) {
  return {text.begin(), text.end()};
}

inline Bytes open_rsa(const TpmKey& key, std::string label, ByteView encrypted) {
  label.push_back('\0');
  const NativeContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.key.get(), nullptr));
  require(EVP_PKEY_decrypt_init(context.get()), "decrypt");
  require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING), "padding");
  require(EVP_PKEY_CTX_set_rsa_oaep_md_name(context.get(), key.hash(), nullptr), "hash");
  require(EVP_PKEY_CTX_set_rsa_mgf1_md_name(context.get(), key.hash(), nullptr), "hash");
  void* copy = OPENSSL_memdup(label.data(), label.size());
  require(EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), copy, int_size(label.size())), "label");
  Bytes out(1024);
  std::size_t size = out.size();
  if (EVP_PKEY_decrypt(context.get(), out.data(), &size, encrypted.data(), encrypted.size()) != 1) return {};
  out.resize(size);
  return out;
}

inline Bytes open_ecc(const TpmKey& key, const std::string& label, ByteView encrypted) {
  OctetReader in(encrypted);
  const auto x = in.sized();
  const auto y = in.sized();
  if (!x || !y || !in.rest().empty()) return {};
  const NativeKey peer(EVP_PKEY_new());
  require(EVP_PKEY_copy_parameters(peer.get(), key.key.get()), "curve");
  const Bytes point = OctetWriter().raw(Bytes{4}).raw(*x).raw(*y).take();
  if (EVP_PKEY_set1_encoded_public_key(peer.get(), point.data(), point.size()) != 1) return {};
  const NativeContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.key.get(), nullptr));
  require(EVP_PKEY_derive_init(context.get()), "derive");
  require(EVP_PKEY_derive_set_peer(context.get(), peer.get()), "peer");
  Bytes z(x->size());
  std::size_t size = z.size();
  require(EVP_PKEY_derive(context.get(), z.data(), &size), "derive");
  Bytes info = octets_of(label);
  info.push_back(0);
  info = joined(joined(info, *x), number_of(key.key.get(), OSSL_PKEY_PARAM_EC_PUB_X, x->size()));
  return derive("SSKDF", {{OSSL_KDF_PARAM_SECRET, z}, {OSSL_KDF_PARAM_INFO, info}}, key.hash(), key.hash_size());
}

inline Bytes kdfa_by_openssl(const char* hash, const Bytes& key, std::string_view label, const Bytes& context,
                             std::size_t size) {
  return derive("KBKDF",
                {{OSSL_KDF_PARAM_KEY, key}, {OSSL_KDF_PARAM_SALT, octets_of(label)}, {OSSL_KDF_PARAM_INFO, context}},
                hash, size);
}

inline Bytes decrypt_cfb(const Bytes& key, ByteView data) {
  const std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>> context(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
  const std::array<std::uint8_t, 16> iv{};
  Bytes out(data.size());
  int size = 0;
  require(EVP_DecryptInit_ex(context.get(), cipher, nullptr, key.data(), iv.data()), "AES");
  require(EVP_DecryptUpdate(context.get(), out.data(), &size, data.data(), int_size(data.size())), "AES");
  return out;
}

/// Undoes wrap_with_seed() with the secret that the key opens; nullopt when anything does not fit.
inline std::optional<Bytes> unwrap(const TpmKey& key, const std::string& label, ByteView encrypted_secret,
                                   const Bytes& name, ByteView wrapped) {
  const Bytes seed =
      key.made_by->type == kRsa ? open_rsa(key, label, encrypted_secret) : open_ecc(key, label, encrypted_secret);
  if (seed.size() != key.hash_size()) return std::nullopt;
  OctetReader in(wrapped);
  const auto mac = in.sized();
  if (!mac) return std::nullopt;
  const Bytes mac_key = kdfa_by_openssl(key.hash(), seed, "INTEGRITY", {}, key.hash_size());
  const Hash hash = *hash_of(key.made_by->name_algorithm);
  if (!std::ranges::equal(*mac, hmac(hash, mac_key, joined(in.rest(), name)))) return std::nullopt;
  return decrypt_cfb(kdfa_by_openssl(key.hash(), seed, "STORAGE", name, key.made_by->symmetric_bits / 8U), in.rest());
}

/// TPM2_ActivateCredential.
inline std::optional<Bytes> activate_credential(const TpmKey& ek, const Bytes& object_name, ByteView id_object,
                                                ByteView encrypted_secret) {
  const auto plain = unwrap(ek, "IDENTITY", encrypted_secret, object_name, id_object);
  if (!plain) return std::nullopt;
  OctetReader in(*plain);
  const auto secret = in.sized();
  if (!secret || !in.rest().empty()) return std::nullopt;
  return Bytes(secret->begin(), secret->end());
}

/// TPM2_Import, and a look inside that no TPM allows: the HMAC key.
inline std::optional<SecretBytes> import_key(const TpmKey& srk, const Bytes& wrap_key, ByteView duplicate,
                                             ByteView encrypted_seed, ByteView public_area) {
  const Bytes name = OctetWriter().u16(kSha256).raw(sha256(public_area)).take();
  const auto outer = unwrap(srk, "DUPLICATE", encrypted_seed, name, duplicate);
  if (!outer) return std::nullopt;
  const Bytes inner = decrypt_cfb(wrap_key, *outer);
  OctetReader in(inner);
  const auto integrity = in.sized();
  const ByteView rest = in.rest();
  if (!integrity || !std::ranges::equal(*integrity, sha256(joined(rest, name)))) return std::nullopt;
  const auto sensitive = in.sized();
  if (!sensitive || !in.rest().empty()) return std::nullopt;
  OctetReader fields(*sensitive);
  if (fields.u16() != kKeyedHash || !fields.sized()) return std::nullopt;
  const auto obfuscation = fields.sized();
  const auto key = fields.sized();
  if (!obfuscation || !key || !fields.rest().empty()) return std::nullopt;
  // TPM2_Load checks that public and sensitive area belong together.
  const auto unique = sha256(joined(*obfuscation, *key));
  if (!std::ranges::equal(public_area.last(unique.size()), unique)) return std::nullopt;
  return SecretBytes(*key);
}

/// A device's TPM with its two keys.
struct SoftTpm {
  explicit SoftTpm(std::string_view ek_template = "TCG L-1", std::string_view srk_template = "TCG SRK RSA")
      : ek(ek_template), srk(srk_template) {}
  SoftTpm(TpmKey endorsement_key, TpmKey storage_root_key)
      : ek(std::move(endorsement_key)), srk(std::move(storage_root_key)) {}

  /// The HMAC key of an activation blob, as clients take the blob apart; nullopt when the TPM would refuse.
  [[nodiscard]] std::optional<SecretBytes> activate(ByteView blob) const {
    OctetReader in(blob);
    std::array<ByteView, 6> pieces;
    for (ByteView& piece : pieces) {
      const auto next = in.sized();
      if (!next) return std::nullopt;
      piece = *next;
    }
    if (!in.rest().empty()) return std::nullopt;
    const auto wrap_key = activate_credential(ek, srk.name(), pieces[0], pieces[1]);
    if (!wrap_key || wrap_key->size() != 16) return std::nullopt;
    text = as_text(decrypt_cfb(*wrap_key, pieces[5]));
    return import_key(srk, *wrap_key, pieces[2], pieces[3], pieces[4]);
  }

  TpmKey ek;
  TpmKey srk;
  mutable std::string text;  ///< of the blob activated last
};

}  // namespace muster::crypto::tpm::testing
