#include "load/tls_client.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace muster::bench {
namespace {

std::string system_reason() {
  return std::generic_category().message(errno);
}

std::string tls_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "TLS failed" : reason;
}

Result<sockaddr_in> ipv4(const std::string& address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &out.sin_addr) != 1) return invalid(address + " is not an IPv4 address.");
  return out;
}

/// A socket that is connecting from `source`; many local addresses give room for many connections.
Result<int> begin_connect(const Endpoint& endpoint, const std::string& source) {
  const auto from = ipv4(source, 0);
  if (!from) return std::unexpected(from.error());
  const auto to = ipv4(endpoint.address, endpoint.port);
  if (!to) return std::unexpected(to.error());
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return fail(ErrorCode::kUnavailable, "No socket: " + system_reason());
  const int on = 1;
  // The port is chosen at connect(), so that it need only be free for this peer.
  ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const bool bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&*from), sizeof *from) == 0;
  if (bound &&
      (::connect(descriptor, reinterpret_cast<const sockaddr*>(&*to), sizeof *to) == 0 || errno == EINPROGRESS))
    return descriptor;
  const std::string why = system_reason();
  ::close(descriptor);
  return fail(ErrorCode::kUnavailable, "No connection: " + why);
}

bool present(SSL* ssl, const Identity& identity) {
  return SSL_use_certificate(ssl, identity.leaf.native()) == 1 && SSL_use_PrivateKey(ssl, identity.key.native()) == 1 &&
         SSL_add1_chain_cert(ssl, identity.issuer.native()) == 1;
}

}  // namespace

void ClientContext::Free::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

void TlsClient::FreeSession::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

Result<ClientContext> ClientContext::create(std::string_view version) {
  if (version != "1.2" && version != "1.3") return invalid("The TLS version is 1.2 or 1.3.");
  const int number = version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
  ClientContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* native = context.native();
  if (native == nullptr || SSL_CTX_set_min_proto_version(native, number) != 1 ||
      SSL_CTX_set_max_proto_version(native, number) != 1 || SSL_CTX_set1_groups_list(native, "X25519:P-256") != 1) {
    return fail(ErrorCode::kInternal, "TLS cannot be set up.", tls_reason());
  }
  SSL_CTX_set_verify(native, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(native,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

Result<std::unique_ptr<TlsClient>> TlsClient::connect(const ClientContext& context, const Endpoint& endpoint,
                                                      const std::string& source, const Identity* identity,
                                                      ReadReply read_reply) {
  const auto descriptor = begin_connect(endpoint, source);
  if (!descriptor) return std::unexpected(descriptor.error());
  std::unique_ptr<TlsClient> client(new TlsClient(*descriptor, SSL_new(context.native()), read_reply));
  SSL* ssl = client->ssl_.get();
  if (ssl == nullptr || SSL_set_fd(ssl, *descriptor) != 1 ||
      SSL_set_tlsext_host_name(ssl, endpoint.host.c_str()) != 1 || (identity != nullptr && !present(ssl, *identity))) {
    return fail(ErrorCode::kInternal, "A TLS session cannot be set up.", tls_reason());
  }
  SSL_set_connect_state(ssl);
  return client;
}

TlsClient::~TlsClient() {
  if (socket_ >= 0) ::close(socket_);
}

void TlsClient::ask(std::string request) {
  outbox_ = std::move(request);
  sent_ = 0;
  expect();
}

void TlsClient::expect() {
  expecting_ = true;
  inbox_.clear();
}

TlsClient::Progress TlsClient::advance() {
  ERR_clear_error();
  if (!established_) {
    const int outcome = SSL_do_handshake(ssl_.get());
    if (outcome != 1) return judge(outcome);
    established_ = true;
  }
  while (sent_ < outbox_.size()) {
    std::size_t count = 0;
    const int outcome = SSL_write_ex(ssl_.get(), outbox_.data() + sent_, outbox_.size() - sent_, &count);
    if (outcome != 1) return judge(outcome);
    sent_ += count;
  }
  std::array<char, 8192> buffer;
  for (;;) {
    std::size_t count = 0;
    const int outcome = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
    if (outcome == 1) {
      if (!expecting_) return fail_with("an answer without a request");
      inbox_.append(buffer.data(), count);
      continue;  // several answers may have come, in records of their own
    }
    // Also an answer after which the server closes is one.
    if (!expecting_ || inbox_.empty() || !read_reply_(inbox_, reply_)) return judge(outcome);
    outbox_.clear();
    sent_ = 0;
    expecting_ = false;
    return Progress::kReply;
  }
}

TlsClient::Progress TlsClient::judge(int outcome) {
  const int reason = SSL_get_error(ssl_.get(), outcome);
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return Progress::kWaiting;
  if (reason == SSL_ERROR_ZERO_RETURN) return fail_with("closed by the server");
  if (reason == SSL_ERROR_SYSCALL) return fail_with(errno == 0 ? "cut by the server" : system_reason());
  return fail_with(tls_reason());
}

TlsClient::Progress TlsClient::fail_with(std::string why) {
  failure_ = std::move(why);
  return Progress::kFailed;
}

std::string TlsClient::agreed() const {
  const int group = static_cast<int>(SSL_get_negotiated_group(ssl_.get()));
  const char* group_name = OBJ_nid2sn(group);
  return fmt::format("{} {} {}", SSL_get_version(ssl_.get()), SSL_get_cipher_name(ssl_.get()),
                     group_name == nullptr ? "?" : group_name);
}

void TlsClient::close() {
  ERR_clear_error();
  if (established_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ::close(std::exchange(socket_, -1));
}

}  // namespace muster::bench
