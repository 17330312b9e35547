#include "muster/tcp_socket.h"

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "muster/tls_channel.h"

namespace muster::cli {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

std::string system_reason(int error) {
  return std::generic_category().message(error);
}

Result<Addresses> resolve(const HostPort& address) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &found);
  if (status != 0) return fail(ErrorCode::kUnavailable, ::gai_strerror(status));
  return Addresses(found);
}

/// The errno of a connection that was begun.
int outcome_of(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Result<Descriptor> connect_to(const addrinfo& address, std::chrono::milliseconds timeout) {
  Descriptor socket(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return fail(ErrorCode::kUnavailable, system_reason(errno));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return fail(ErrorCode::kUnavailable, system_reason(errno));
  if (!wait_for_socket(socket.get(), SocketWait::kWrite, timeout)) {
    return fail(ErrorCode::kUnavailable, system_reason(ETIMEDOUT));
  }
  if (const int error = outcome_of(socket.get()); error != 0) {
    return fail(ErrorCode::kUnavailable, system_reason(error));
  }
  return socket;
}

}  // namespace

Result<Descriptor> connect_tcp(const HostPort& address, std::chrono::milliseconds timeout) {
  const auto addresses = resolve(address);
  if (!addresses) return std::unexpected(addresses.error());
  Result<Descriptor> outcome = fail(ErrorCode::kUnavailable, "The name has no address.");
  for (const addrinfo* each = addresses->get(); each != nullptr; each = each->ai_next) {
    outcome = connect_to(*each, timeout);
    if (outcome) break;
  }
  return outcome;
}

bool wait_for_socket(int descriptor, SocketWait what, std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wait{descriptor, static_cast<short>(what == SocketWait::kRead ? POLLIN : POLLOUT), 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

}  // namespace muster::cli
