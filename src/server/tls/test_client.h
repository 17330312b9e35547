#pragma once

// For tests only: a blocking TLS and HTTP client on OpenSSL, which can also misbehave.
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/tls/test_certificates.h"

namespace muster::server::test {

/// A TCP connection to 127.0.0.1 that fails instead of hanging.
class RawClient {
 public:
  RawClient() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  explicit RawClient(std::uint16_t port) : RawClient() {
    if (!connect(port)) throw std::runtime_error("cannot connect");
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { close(); }

  bool connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool send(std::string_view octets) {
    return ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size());
  }
  /// Everything until the server closes or resets.
  std::string read_to_end() {
    std::string all;
    char part[4096];
    for (ssize_t count; (count = ::recv(fd_, part, sizeof part, 0)) > 0;) {
      all.append(part, static_cast<std::size_t>(count));
    }
    return all;
  }
  /// The server has sent something or closed within `milliseconds`.
  bool readable(int milliseconds) {
    pollfd what{fd_, POLLIN, 0};
    return ::poll(&what, 1, milliseconds) > 0;
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  /// Closes with a TCP reset, as a device that loses power behind a NAT does.
  void reset() {
    const linger none{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close();
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

struct TlsClientOptions {
  int version = TLS1_3_VERSION;
  const Credential* credential = nullptr;
  const char* signature_algorithms = "";
  std::string_view protocols = "";  ///< ALPN wire format
  std::uint8_t max_fragment = 0;
  SSL_SESSION* resume = nullptr;
};

struct HttpReply {
  std::string head;  ///< status line and headers without the empty line
  std::string body;

  [[nodiscard]] int status() const { return head.size() < 12 ? 0 : std::atoi(head.c_str() + 9); }
  [[nodiscard]] bool has(std::string_view line) const {
    return (head + "\r\n").find(std::string(line) + "\r\n") != std::string::npos;
  }
};

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const TlsClientOptions& options = {})
      : raw_(port), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    SSL_CTX_set_min_proto_version(context_.get(), options.version);
    SSL_CTX_set_max_proto_version(context_.get(), options.version);
    if (*options.signature_algorithms != '\0') SSL_CTX_set1_sigalgs_list(context_.get(), options.signature_algorithms);
    if (options.max_fragment != 0) SSL_CTX_set_tlsext_max_fragment_length(context_.get(), options.max_fragment);
    if (options.credential != nullptr) present(*options.credential);
    ssl_.reset(SSL_new(context_.get()));
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(), as_bytes(options.protocols).data(),
                          static_cast<unsigned>(options.protocols.size()));
    }
    if (options.resume != nullptr) SSL_set_session(ssl_.get(), options.resume);
    SSL_set_fd(ssl_.get(), raw_.fd());
    SSL_set_msg_callback(ssl_.get(), note_record);
    SSL_set_msg_callback_arg(ssl_.get(), this);
  }

  bool handshake() { return SSL_connect(ssl_.get()) == 1; }

  bool send(std::string_view text) {
    std::size_t count = 0;
    return SSL_write_ex(ssl_.get(), text.data(), text.size(), &count) == 1 && count == text.size();
  }

  /// One whole answer; an empty head when the connection ended before it.
  HttpReply read_reply() {
    HttpReply reply;
    std::size_t end = 0;
    while ((end = inbox_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) return reply;
    }
    const std::size_t length_at = inbox_.find("Content-Length: ");
    const std::size_t length = length_at < end ? std::strtoul(inbox_.c_str() + length_at + 16, nullptr, 10) : 0;
    while (inbox_.size() < end + 4 + length && read_more()) {
    }
    reply.head = inbox_.substr(0, end);
    reply.body = inbox_.substr(end + 4, length);
    inbox_.erase(0, end + 4 + length);
    return reply;
  }

  HttpReply ask(std::string_view request) { return send(request) ? read_reply() : HttpReply{}; }

  /// Everything until the end of the connection.
  std::string read_to_end() {
    while (read_more()) {
    }
    return std::exchange(inbox_, {});
  }
  /// The server ended with close_notify, so nothing was cut off.
  [[nodiscard]] bool ended_properly() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

  RawClient& raw() { return raw_; }
  SSL* native() { return ssl_.get(); }
  [[nodiscard]] std::size_t largest_record() const { return largest_record_; }

 private:
  void present(const Credential& credential) {
    SSL_CTX_use_certificate(context_.get(), credential.chain.front().native());
    SSL_CTX_use_PrivateKey(context_.get(), credential.key.native());
    for (std::size_t i = 1; i < credential.chain.size(); ++i) {
      SSL_CTX_add1_chain_cert(context_.get(), credential.chain[i].native());
    }
  }

  bool read_more() {
    char part[4096];
    std::size_t count = 0;
    if (SSL_read_ex(ssl_.get(), part, sizeof part, &count) != 1) return false;
    inbox_.append(part, count);
    return true;
  }

  static void note_record(int write, int /*version*/, int type, const void* octets, std::size_t size, SSL* /*ssl*/,
                          void* self) {
    if (write != 0 || type != SSL3_RT_HEADER || size != 5) return;
    const auto* header = static_cast<const std::uint8_t*>(octets);
    auto& largest = static_cast<TlsClient*>(self)->largest_record_;
    largest = std::max<std::size_t>(largest, header[3] * 256U + header[4]);
  }

  RawClient raw_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string inbox_;
  std::size_t largest_record_ = 0;
};

}  // namespace muster::server::test
