#include "crypto/private_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

constexpr std::size_t kMaxPemSize = std::size_t{64} * 1024;

/// Refuses instead of asking at the terminal, which is what OpenSSL does without a callback.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

// The providers' key management is asked for by object identifier: by the names "EC" and "RSA" OpenSSL would choose an
// ENGINE's older methods where one is registered, which cannot generate from parameters.
constexpr const char* kEcOid = "1.2.840.10045.2.1";
constexpr const char* kRsaOid = "1.2.840.113549.1.1.1";

/// A new key of this kind, or null with the reason in OpenSSL's error queue.
EVP_PKEY* generate(const char* algorithm, const OSSL_PARAM* parameters) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_params(context.get(), parameters) != 1 || EVP_PKEY_generate(context.get(), &key) != 1) {
    return nullptr;
  }
  return key;
}

std::unexpected<Error> key_failure(std::string message) {
  return fail(ErrorCode::kInternal, std::move(message), last_openssl_reason());
}

}  // namespace

void KeyFree::operator()(EVP_PKEY* key) const {
  EVP_PKEY_free(key);
}

Result<PrivateKey> PrivateKey::generate_p256() {
  const ErrorQueueGuard guard;
  char curve[] = "P-256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                                   OSSL_PARAM_construct_end()};
  EVP_PKEY* key = generate(kEcOid, parameters);
  if (key == nullptr) return key_failure("A P-256 key cannot be generated.");
  return PrivateKey(key);
}

Result<PrivateKey> PrivateKey::generate_rsa(int bits) {
  const ErrorQueueGuard guard;
  if (bits < 512 || bits > 16384) return invalid("An RSA key has 512 to 16384 bits.");
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_RSA_BITS, &bits),
                                   OSSL_PARAM_construct_end()};
  EVP_PKEY* key = generate(kRsaOid, parameters);
  if (key == nullptr) return key_failure("An RSA key cannot be generated.");
  return PrivateKey(key);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const ErrorQueueGuard guard;
  if (pem.size() > kMaxPemSize) return fail(ErrorCode::kTooLarge, "The private key is larger than 64 KiB.");
  if (pem.find("ENCRYPTED") != std::string_view::npos) {
    return fail(ErrorCode::kUnsupported, "The private key is encrypted; a key without passphrase is needed.");
  }
  const BioPtr bio(BIO_new_mem_buf(pem.data(), int_size(pem.size())));
  require(bio != nullptr, "no memory for a key");
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr);
  if (key == nullptr) return invalid("The text holds no private key in PEM form.", last_openssl_reason());
  return PrivateKey(key);
}

Result<std::string> PrivateKey::to_pem() const {
  const ErrorQueueGuard guard;
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  require(bio != nullptr, "no memory for a key");
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return key_failure("The private key cannot be written.");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace muster::crypto
