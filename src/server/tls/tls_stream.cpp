#include "server/tls/tls_stream.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <openssl/ssl.h>

#include "crypto/openssl.h"
#include "server/tls/openssl_error.h"

namespace muster::server {

void TlsSessionFree::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

TlsStream::TlsStream(asio::ip::tcp::socket socket, const TlsContext& context)
    : SocketStream(std::move(socket)), ssl_(SSL_new(context.native())), issuers_(context.issuers()) {
  broken_ = broken_ || ssl_ == nullptr || SSL_set_fd(ssl_.get(), socket_.native_handle()) != 1;
  if (!broken_) SSL_set_accept_state(ssl_.get());
}

asio::awaitable<Result<void>> TlsStream::handshake() {
  if (broken_) co_return std::unexpected(connection_lost("no TLS session could be made"));
  for (;;) {
    crypto::clear_openssl_errors();
    const int outcome = SSL_do_handshake(ssl_.get());
    if (outcome == 1) co_return Result<void>();
    auto waited = co_await wait_as_told(outcome);
    if (!waited) co_return waited;
  }
}

asio::awaitable<Result<std::size_t>> TlsStream::read_some(std::span<std::uint8_t> out) {
  for (;;) {
    crypto::clear_openssl_errors();
    std::size_t count = 0;
    const int outcome = SSL_read_ex(ssl_.get(), out.data(), out.size(), &count);
    if (outcome == 1) co_return count;
    if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
    auto waited = co_await wait_as_told(outcome);
    if (!waited) co_return std::unexpected(waited.error());
  }
}

Result<std::size_t> TlsStream::write_now(ByteView octets) {
  std::size_t sent = 0;
  while (sent < octets.size()) {
    crypto::clear_openssl_errors();
    std::size_t count = 0;
    const int outcome = SSL_write_ex(ssl_.get(), octets.data() + sent, octets.size() - sent, &count);
    if (outcome != 1) {
      const int reason = SSL_get_error(ssl_.get(), outcome);
      if (reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ) return sent;
      return std::unexpected(failure(outcome));
    }
    sent += count;
  }
  return sent;
}

SocketStream::Wait TlsStream::write_wait() const {
  return SSL_want_read(ssl_.get()) != 0 ? Wait::wait_read : Wait::wait_write;
}

void TlsStream::say_goodbye() {
  crypto::clear_openssl_errors();
  if (!broken_ && SSL_is_init_finished(ssl_.get()) != 0) SSL_shutdown(ssl_.get());
  crypto::clear_openssl_errors();
}

bool TlsStream::has_buffered() const {
  return SSL_has_pending(ssl_.get()) != 0;
}

std::optional<ClientCertificates> TlsStream::client_certificates() const {
  X509* leaf = SSL_get0_peer_certificate(ssl_.get());
  if (leaf == nullptr) return std::nullopt;
  ClientCertificates presented{crypto::Certificate::share(leaf), {}};
  // On a server the chain comes without the leaf; it is null when the peer sent nothing else.
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    presented.chain.push_back(issuers_->share(sk_X509_value(chain, i)));
  }
  return presented;
}

asio::awaitable<Result<void>> TlsStream::wait_as_told(int outcome) {
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      co_return co_await wait(Wait::wait_read);
    case SSL_ERROR_WANT_WRITE:
      co_return co_await wait(Wait::wait_write);
    default:
      co_return std::unexpected(failure(outcome));
  }
}

Error TlsStream::failure(int outcome) {
  const int system_error = errno;
  broken_ = true;
  if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_SYSCALL) {
    crypto::clear_openssl_errors();
    return connection_lost(system_error == 0 ? "closed by the peer" : std::generic_category().message(system_error));
  }
  return connection_lost(take_openssl_error());
}

}  // namespace muster::server
