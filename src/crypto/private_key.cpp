#include "crypto/private_key.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/openssl.h"

namespace muster::crypto {
namespace {

constexpr std::size_t kMaxPemSize = std::size_t{64} * 1024;

/// Refuses instead of asking at the terminal, which is what OpenSSL does without a callback.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
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
  EVP_PKEY* key = EVP_EC_gen("P-256");
  if (key == nullptr) return key_failure("A P-256 key cannot be generated.");
  return PrivateKey(key);
}

Result<PrivateKey> PrivateKey::generate_rsa(int bits) {
  const ErrorQueueGuard guard;
  if (bits < 512 || bits > 16384) return invalid("An RSA key has 512 to 16384 bits.");
  EVP_PKEY* key = EVP_RSA_gen(static_cast<unsigned>(bits));
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
