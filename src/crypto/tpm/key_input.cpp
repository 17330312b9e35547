#include "crypto/tpm/key_input.h"

#include <memory>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "crypto/certificate.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"
#include "crypto/tpm/key_template.h"

namespace muster::crypto::tpm {
namespace {

using PublicKeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;

constexpr std::uint8_t kDerSequence = 0x30;

std::optional<Bytes> big_number(const EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return std::nullopt;
  const BignumPtr number(raw);
  Bytes out(size == 0 ? static_cast<std::size_t>(BN_num_bytes(raw)) : size);
  if (BN_bn2binpad(raw, out.data(), int_size(out.size())) < 0) return std::nullopt;
  return out;
}

std::unexpected<Error> unreadable_key() {
  return invalid("The public key cannot be read.", last_openssl_reason());
}

Result<PublicArea> from_rsa(const EVP_PKEY* key) {
  auto modulus = big_number(key, OSSL_PKEY_PARAM_RSA_N, 0);
  const auto exponent = big_number(key, OSSL_PKEY_PARAM_RSA_E, 0);
  if (!modulus || !exponent) return unreadable_key();
  if (*exponent != Bytes{1, 0, 1}) return invalid("The RSA exponent is not 65537; no endorsement key has another.");
  const auto bits = static_cast<std::uint16_t>(modulus->size() * 8);
  return make_endorsement_key(RsaPublic{bits, 0, *std::move(modulus)});
}

Result<PublicArea> from_ecc(const EVP_PKEY* key) {
  std::string group(80, '\0');
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) return unreadable_key();
  group.resize(length);
  const int nid = OBJ_txt2nid(group.c_str());
  const std::uint16_t curve = nid == NID_X9_62_prime256v1 ? kP256 : nid == NID_secp384r1 ? kP384 : 0;
  if (curve == 0) {
    return fail(ErrorCode::kUnsupported, fmt::format("A key on curve {} cannot be an endorsement key here.", group));
  }
  const std::size_t size = curve == kP256 ? 32 : 48;
  auto x = big_number(key, OSSL_PKEY_PARAM_EC_PUB_X, size);
  auto y = big_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
  if (!x || !y) return unreadable_key();
  return make_endorsement_key(EccPublic{curve, kNull, *std::move(x), *std::move(y)});
}

Result<PublicArea> from_public_key(const EVP_PKEY* key) {
  const ErrorQueueGuard guard;
  if (key == nullptr) return unreadable_key();
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return from_rsa(key);
    case EVP_PKEY_EC:
      return from_ecc(key);
    default:
      return fail(ErrorCode::kUnsupported, "An endorsement key is an RSA or an elliptic curve key.");
  }
}

Result<PublicArea> from_certificate(const Certificate& certificate) {
  return from_public_key(X509_get0_pubkey(certificate.native()));
}

Result<PublicArea> from_pem(std::string_view text) {
  const ErrorQueueGuard guard;
  const auto block = PemScanner(text).next();
  if (!block) return invalid("The PEM text has no complete block.");
  if (block->label == "CERTIFICATE") {
    const auto certificate = Certificate::from_upload(text);
    return certificate ? from_certificate(*certificate) : std::unexpected(certificate.error());
  }
  if (block->label != "PUBLIC KEY") {
    return invalid(fmt::format("The PEM text holds a block \"{}\"; PUBLIC KEY or CERTIFICATE is needed.",
                               block->label.substr(0, 40)));
  }
  const BioPtr bio(BIO_new_mem_buf(text.data(), int_size(text.size())));
  require(bio != nullptr, "no memory for a key");
  const PublicKeyPtr key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  return from_public_key(key.get());
}

Result<PublicArea> from_base64_text(std::string_view text) {
  const auto octets = from_base64(without_whitespace(text));
  if (!octets) return invalid("It is not base64 of a TPM2B_PUBLIC.");
  return parse_public_with_or_without_size(*octets);
}

bool is_text(std::string_view content) {
  return content.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n") ==
         std::string_view::npos;
}

}  // namespace

Result<PublicArea> endorsement_key_from_text(std::string_view text) {
  return looks_like_pem(text) ? from_pem(text) : from_base64_text(text);
}

Result<PublicArea> storage_root_key_from_text(std::string_view text) {
  return from_base64_text(text);
}

Result<PublicArea> endorsement_key_from_file(std::string_view content) {
  if (looks_like_pem(content) || is_text(content)) return endorsement_key_from_text(content);
  if (static_cast<std::uint8_t>(content.front()) == kDerSequence) {
    const auto certificate = Certificate::from_der(as_bytes(content));
    return certificate ? from_certificate(*certificate) : std::unexpected(certificate.error());
  }
  return parse_public_with_or_without_size(as_bytes(content));
}

}  // namespace muster::crypto::tpm
