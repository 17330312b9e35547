#include "muster/tls_channel.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "muster/tcp_socket.h"

namespace muster::cli {
namespace {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

std::string take_openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

std::unexpected<Error> lost(const HostPort& service, std::string_view reason) {
  return fail(ErrorCode::kUnavailable, fmt::format("Cannot reach {}:{}: {}", service.host, service.port, reason));
}

std::unexpected<Error> unusable() {
  return fail(ErrorCode::kUnsupported,
              fmt::format("Cannot use the certificate, key or CA file: {}", take_openssl_reason()));
}

bool is_ip_address(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool load_files(SSL_CTX* context, const HttpClientOptions& options) {
  const bool trusted = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                               : SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1;
  if (!trusted || options.certificate.empty()) return trusted;
  return SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) == 1 &&
         SSL_CTX_use_PrivateKey_file(context, options.private_key.c_str(), SSL_FILETYPE_PEM) == 1 &&
         SSL_CTX_check_private_key(context) == 1;
}

class TlsChannel final : public OctetChannel {
 public:
  TlsChannel(TlsTarget target, Descriptor socket) : target_(std::move(target)), socket_(std::move(socket)) {}

  ~TlsChannel() override {
    if (ssl_ && !broken_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  Result<void> handshake() {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_ || SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION) != 1) return unusable();
    if (!load_files(context_.get(), target_.options)) return unusable();
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    ssl_.reset(SSL_new(context_.get()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.get()) != 1 || !expect_name()) return unusable();
    for (;;) {
      ERR_clear_error();
      const int outcome = SSL_connect(ssl_.get());
      if (outcome == 1) return {};
      if (auto waited = wait_as_told(outcome); !waited) return waited;
    }
  }

  Result<void> send(ByteView octets) override {
    while (!octets.empty()) {
      ERR_clear_error();
      std::size_t sent = 0;
      const int outcome = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &sent);
      if (outcome == 1) {
        octets = octets.subspan(sent);
      } else if (auto waited = wait_as_told(outcome); !waited) {
        return waited;
      }
    }
    return {};
  }

  Result<Bytes> receive() override {
    for (;;) {
      auto [outcome, octets] = read_some();
      if (outcome == 1) return std::move(octets);
      if (auto waited = wait_as_told(outcome); !waited) return std::unexpected(waited.error());
    }
  }

  Result<Bytes> receive_within(std::chrono::milliseconds wait) override {
    const auto end = std::chrono::steady_clock::now() + wait;
    for (;;) {
      auto [outcome, octets] = read_some();
      if (outcome == 1) return std::move(octets);
      if (SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ) {
        if (auto waited = wait_as_told(outcome); !waited) return std::unexpected(waited.error());
        continue;
      }
      // What came may have been no data: a session ticket.
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !wait_for_socket(socket_.get(), SocketWait::kRead, left)) return Bytes();
    }
  }

 private:
  /// What SSL_read says (1: data), and the data.
  std::pair<int, Bytes> read_some() {
    std::array<std::uint8_t, 4096> buffer;
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
    return {outcome, Bytes(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count))};
  }

  bool expect_name() {
    const std::string& host = target_.service.host;
    if (is_ip_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1;
    return SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1 && SSL_set1_host(ssl_.get(), host.c_str()) == 1;
  }

  /// Waits for what OpenSSL lacks after `outcome`, or says why it cannot go on.
  Result<void> wait_as_told(int outcome) {
    const int system_error = errno;
    const int reason = SSL_get_error(ssl_.get(), outcome);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
      const auto what = reason == SSL_ERROR_WANT_READ ? SocketWait::kRead : SocketWait::kWrite;
      if (wait_for_socket(socket_.get(), what, target_.options.timeout)) return {};
      broken_ = true;
      return lost(target_.service, "no answer in time");
    }
    broken_ = reason != SSL_ERROR_ZERO_RETURN;
    if (reason == SSL_ERROR_ZERO_RETURN) return lost(target_.service, "the service closed the connection");
    if (reason == SSL_ERROR_SYSCALL) {
      return lost(target_.service, system_error == 0 ? "the service closed the connection"
                                                     : std::generic_category().message(system_error));
    }
    if (const long verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK) {
      ERR_clear_error();
      return fail(ErrorCode::kUnavailable,
                  fmt::format("The certificate of {} is not trusted: {} (name its CA with --ca)", target_.service.host,
                              X509_verify_cert_error_string(verified)));
    }
    return lost(target_.service, take_openssl_reason());
  }

  const TlsTarget target_;
  Descriptor socket_;
  std::unique_ptr<SSL_CTX, FreeTls> context_;
  std::unique_ptr<SSL, FreeTls> ssl_;
  bool broken_ = false;
};

}  // namespace

Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  const auto malformed = [&] { return invalid(fmt::format("'{}' is not HOST or HOST:PORT.", text)); };
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return malformed();
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  HostPort out{.host = std::string(host), .port = default_port};
  if (!rest.empty()) {
    const std::string_view digits = rest.substr(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (!rest.starts_with(':') || error != std::errc() || end != digits.data() + digits.size() || out.port == 0) {
      return malformed();
    }
  }
  if (out.host.empty()) return malformed();
  return out;
}

Result<std::unique_ptr<OctetChannel>> connect_tls(const TlsTarget& target) {
  HostPort address = target.service;
  if (!target.options.connect_to.empty()) {
    auto other = parse_host_port(target.options.connect_to, target.service.port);
    if (!other) return std::unexpected(other.error());
    address = *std::move(other);
  }
  auto socket = connect_tcp(address, target.options.connect_timeout);
  if (!socket) return lost(target.service, socket.error().message);
  auto channel = std::make_unique<TlsChannel>(target, *std::move(socket));
  if (auto done = channel->handshake(); !done) return std::unexpected(done.error());
  return channel;
}

}  // namespace muster::cli
