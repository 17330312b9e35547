#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include "base/result.h"
#include "load/identity.h"
#include "load/reply.h"

namespace muster::bench {

/// Where the load goes: a literal IPv4 address and a port, and the name for SNI and the Host header.
struct Endpoint {
  std::string address = "127.0.0.1";
  std::uint16_t port = 443;
  std::string host = "localhost";
};

/// The TLS settings that all connections of a run share.
class ClientContext {
 public:
  /// `version`: "1.2" or "1.3". Server certificates are not judged: only the server's work is measured.
  static Result<ClientContext> create(std::string_view version);
  [[nodiscard]] SSL_CTX* native() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  explicit ClientContext(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// A connection, one request at a time; never blocks. Used by one thread.
class TlsClient {
 public:
  enum class Progress { kWaiting, kReply, kFailed };

  /// Begins to connect from the local address `source`; the handshake is always a full one. With `identity` the client
  /// presents its leaf and its issuer. `identity` is only used during the call. `read_reply` knows the protocol.
  static Result<std::unique_ptr<TlsClient>> connect(const ClientContext& context, const Endpoint& endpoint,
                                                    const std::string& source, const Identity* identity,
                                                    ReadReply read_reply);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] int descriptor() const { return socket_; }
  /// Queues a request; the reply to the one before is gone.
  void ask(std::string request);
  /// Another reply to what was asked before.
  void expect();
  /// Goes on until the socket would block, a reply is there (reply()) or the connection failed (failure()).
  Progress advance();
  [[nodiscard]] const Reply& reply() const { return reply_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384 X25519": what the handshake agreed on.
  [[nodiscard]] std::string agreed() const;
  /// Says goodbye as TLS wants it and closes.
  void close();

 private:
  struct FreeSession {
    void operator()(SSL* ssl) const;
  };
  TlsClient(int socket, SSL* ssl, ReadReply read_reply) : socket_(socket), ssl_(ssl), read_reply_(read_reply) {}
  Progress judge(int outcome);
  Progress fail_with(std::string why);

  int socket_;
  std::unique_ptr<SSL, FreeSession> ssl_;
  const ReadReply read_reply_;
  bool established_ = false;
  bool expecting_ = false;
  std::string outbox_;
  std::size_t sent_ = 0;
  std::string inbox_;
  Reply reply_;
  std::string failure_;
};

}  // namespace muster::bench
