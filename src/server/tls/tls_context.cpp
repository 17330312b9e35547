#include "server/tls/tls_context.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "crypto/certificate.h"
#include "crypto/private_key.h"
#include "server/tls/key_schedule.h"
#include "server/tls/openssl_error.h"

namespace muster::server {
namespace {

// Forward secrecy and AEAD, then the CBC suites that Azure documents for old devices (device-api.md 2.1).
constexpr const char* kCipherList = "ECDHE+AESGCM:ECDHE+AES256+SHA384:ECDHE+AES128+SHA256";
constexpr const char* kGroups = "X25519:P-256";
// What a client may prove its key with (device-api.md 2.2), and what we sign with; ECDSA first because it is cheapest.
constexpr const char* kSignatureAlgorithms =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "rsa_pss_pss_sha256:RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr std::string_view kProtocol = "http/1.1";

int accept_any_certificate(X509_STORE_CTX* /*store*/, void* /*unused*/) {
  return 1;
}

/// RFC 7301 section 3.2: of the offered protocols only http/1.1; without it the handshake fails, as h2 would later.
int select_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  std::string_view rest = as_text(ByteView(offered, offered_size));
  while (!rest.empty()) {
    const auto size = static_cast<unsigned char>(rest.front());
    const std::string_view name = rest.substr(1, size);
    if (name == kProtocol) {
      *chosen = as_bytes(name).data();
      *chosen_size = size;
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 1U + size));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool set_protocol_rules(SSL_CTX* context) {
  SSL_CTX_set_options(
      context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCipherList) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         SSL_CTX_set1_sigalgs_list(context, kSignatureAlgorithms) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1;
}

/// The certificate is requested, may be missing, and is never judged here; the list of CA names stays empty because
/// Java and .NET clients filter by it (device-api.md 2.2).
void ask_for_client_certificate(SSL_CTX* context) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, accept_any_certificate, nullptr);
}

void save_memory(SSL_CTX* context) {
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One system call per record instead of two; the buffer is released all the same when it is empty.
  SSL_CTX_set_read_ahead(context, 1);
}

std::string name_of(const crypto::Certificate& certificate) {
  return certificate.common_name().empty() ? certificate.thumbprint() : certificate.common_name();
}

Result<void> check_chain_order(const std::vector<crypto::Certificate>& chain) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (X509_check_issued(chain[i + 1].native(), chain[i].native()) != X509_V_OK) {
      return invalid("TLS certificate chain out of order: '" + name_of(chain[i]) + "' is not issued by '" +
                     name_of(chain[i + 1]) + "', which follows it.");
    }
  }
  return {};
}

Result<void> use_identity(SSL_CTX* context, const std::vector<crypto::Certificate>& chain,
                          const crypto::PrivateKey& key) {
  ERR_clear_error();
  const std::string name = name_of(chain.front());
  if (X509_check_private_key(chain.front().native(), key.native()) != 1) {
    ERR_clear_error();
    return invalid("TLS key does not belong to the certificate of '" + name + "'.");
  }
  if (SSL_CTX_use_certificate(context, chain.front().native()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.native()) != 1) {
    return invalid("TLS certificate of '" + name + "' cannot be used: " + take_openssl_error() + ".");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].native()) != 1) {
      return invalid("TLS issuer '" + name_of(chain[i]) + "' of '" + name +
                     "' cannot be used: " + take_openssl_error() + ".");
    }
  }
  return {};
}

Result<void> add_identity(SSL_CTX* context, const TlsIdentity& identity, std::set<int>& kinds) {
  const auto chain = crypto::Certificate::chain_from_pem(identity.chain_pem);
  if (!chain) return invalid("TLS certificate cannot be read: " + chain.error().message, chain.error().detail);
  const auto key = crypto::PrivateKey::from_pem(as_text(identity.key_pem.reveal()));
  if (!key) {
    return invalid("TLS key of '" + name_of(chain->front()) + "' cannot be read: " + key.error().message,
                   key.error().detail);
  }
  if (!kinds.insert(EVP_PKEY_get_base_id(key->native())).second) {
    return invalid("Two TLS identities have the same kind of key; one ECDSA and one RSA key can stand side by side.");
  }
  if (auto ordered = check_chain_order(*chain); !ordered) return ordered;
  return use_identity(context, *chain, *key);
}

}  // namespace

void TlsContextFree::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

Result<TlsContext> TlsContext::create(std::span<const TlsIdentity> identities) {
  if (identities.empty()) return invalid("TLS needs a server certificate.");
  ERR_clear_error();
  TlsContext context(SSL_CTX_new_ex(nullptr, fast_key_schedule(), TLS_server_method()));
  if (context.native() == nullptr || !set_protocol_rules(context.native())) {
    return fail(ErrorCode::kInternal, "TLS cannot be set up.", take_openssl_error());
  }
  ask_for_client_certificate(context.native());
  save_memory(context.native());
  std::set<int> kinds;
  for (const TlsIdentity& identity : identities) {
    if (auto added = add_identity(context.native(), identity, kinds); !added) return std::unexpected(added.error());
  }
  return context;
}

}  // namespace muster::server
