#pragma once

#include <memory>
#include <span>

#include <openssl/types.h>

#include "base/result.h"
#include "crypto/certificate_pool.h"
#include "server/tls/tls_identity.h"

namespace muster::server {

struct TlsContextFree {
  void operator()(SSL_CTX* context) const;
};

/// The server side of TLS as devices need it (device-api.md 2.1, 2.2): TLS 1.2 and 1.3, a client certificate asked for
/// in every first handshake and never judged there, no resumption, no renegotiation, ALPN http/1.1 only.
///
/// Unchanged once made but for the pool of issuers. Threads may share one, yet each has its own: OpenSSL counts
/// references in it at every handshake.
class TlsContext {
 public:
  /// One identity, or one with an ECDSA and one with an RSA key; clients that can do both get ECDSA, which is cheaper.
  /// kInvalidArgument names the identity by its common name and what is wrong: unreadable, key of another certificate,
  /// chain out of order, two keys of one kind, key too weak.
  static Result<TlsContext> create(std::span<const TlsIdentity> identities);

  [[nodiscard]] SSL_CTX* native() const { return context_.get(); }
  /// The issuers that peers presented.
  [[nodiscard]] const std::shared_ptr<crypto::CertificatePool>& issuers() const { return issuers_; }

 private:
  explicit TlsContext(SSL_CTX* context) : context_(context) {}

  std::unique_ptr<SSL_CTX, TlsContextFree> context_;
  std::shared_ptr<crypto::CertificatePool> issuers_ = std::make_shared<crypto::CertificatePool>();
};

}  // namespace muster::server
