#include "server/operations/service_manager.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/descriptor.h"
#include "base/log.h"

namespace muster::server {
namespace {

/// A deliverable address and its length, as sendto wants them; none for what no datagram reaches.
struct Address {
  sockaddr_un value{};
  socklen_t size = 0;
};

std::optional<Address> address_of(const std::string& socket) {
  Address out;
  const bool is_abstract = socket.front() == '@';
  if (!is_abstract && socket.front() != '/') return std::nullopt;
  if (socket.size() >= sizeof(out.value.sun_path)) return std::nullopt;
  out.value.sun_family = AF_UNIX;
  std::memcpy(&out.value.sun_path, socket.data(), socket.size());
  if (is_abstract) out.value.sun_path[0] = '\0';
  // A path ends with its NUL; an abstract name is as long as it is said to be.
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size() + (is_abstract ? 0 : 1));
  return out;
}

std::error_code send_to(const std::string& socket, std::string_view message) {
  const auto address = address_of(socket);
  if (!address) return std::make_error_code(std::errc::address_family_not_supported);
  const Descriptor descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!descriptor.is_open()) return {errno, std::generic_category()};
  const auto* to = reinterpret_cast<const sockaddr*>(&address->value);
  if (::sendto(descriptor.get(), message.data(), message.size(), MSG_NOSIGNAL, to, address->size) < 0) {
    return {errno, std::generic_category()};
  }
  return {};
}

/// What systemd orders reloads by: CLOCK_MONOTONIC in microseconds.
long long monotonic_micros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

void ServiceManager::ready(std::string_view status) const {
  tell(fmt::format("READY=1\nSTATUS={}\n", status));
}

void ServiceManager::reloading() const {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n", monotonic_micros()));
}

void ServiceManager::stopping() const {
  tell("STOPPING=1\nSTATUS=Stopping\n");
}

void ServiceManager::alive() const {
  tell("WATCHDOG=1\n");
}

void ServiceManager::tell(std::string_view message) const {
  if (socket_.empty()) return;
  if (const auto error = send_to(socket_, message)) {
    log_warning("service-manager.not-told", {{"socket", socket_}, {"reason", error.message()}});
  }
}

}  // namespace muster::server
