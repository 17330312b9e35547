#include "tpm/software_tpm.h"

#include <array>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/descriptor.h"

namespace muster::tpm {
namespace {

constexpr int kAttempts = 100;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

/// A socket that listens at a port, 0 for any; closed when the port is taken.
Descriptor listen_at(std::uint16_t port) {
  Descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = loopback(port);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(listener.get(), where, sizeof address) != 0 || ::listen(listener.get(), 8) != 0) return Descriptor(-1);
  return listener;
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

bool answers(std::uint16_t port) {
  const Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = loopback(port);
  return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool has_ended(pid_t process) {
  return ::waitpid(process, nullptr, WNOHANG) == process;
}

/// swtpm with the control channel on a socket that listens, which it gets as descriptor 3.
pid_t spawn(const std::filesystem::path& state, std::uint16_t port, const Descriptor& control) {
  constexpr int kControl = 3;
  std::array<std::string, 9> words = {"swtpm",
                                      "socket",
                                      "--tpm2",
                                      fmt::format("--tpmstate=dir={}", state.string()),
                                      "--server",
                                      fmt::format("type=tcp,port={}", port),
                                      "--ctrl",
                                      fmt::format("type=tcp,fd={}", kControl),
                                      "--flags=not-need-init,startup-clear"};
  std::array<char*, 10> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv.at(i) = words.at(i).data();
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addclose(&actions, STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, control.get(), kControl);
  pid_t process = -1;
  const int failed = ::posix_spawnp(&process, "swtpm", &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("swtpm cannot be started: tools/install-dependencies demo");
  return process;
}

}  // namespace

SoftwareTpm::SoftwareTpm() {
  for (int i = 0; i < kAttempts; ++i) {
    if (start()) return;
  }
  throw std::runtime_error("swtpm found no two ports");
}

SoftwareTpm::~SoftwareTpm() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
}

std::string SoftwareTpm::tcti() const {
  return fmt::format("swtpm:host=127.0.0.1,port={}", port_);
}

/// The stack looks for the control channel one port above the data's, which swtpm binds itself.
bool SoftwareTpm::start() {
  Descriptor data = listen_at(0);
  port_ = port_of(data);
  const Descriptor control = listen_at(static_cast<std::uint16_t>(port_ + 1));
  if (!control.is_open()) return false;
  data = Descriptor(-1);
  process_ = spawn(state_.path(), port_, control);
  while (!answers(port_)) {
    if (has_ended(process_)) {
      process_ = -1;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace muster::tpm
