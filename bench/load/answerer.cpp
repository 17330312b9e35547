#include "load/answerer.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <unordered_map>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/descriptor.h"

namespace muster::bench {
namespace {

std::unexpected<Error> failed(std::string_view what) {
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

class Answerer {
 public:
  explicit Answerer(const AnswererSettings& settings) : settings_(settings) {}

  Result<void> listen() {
    listener_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(settings_.port);
    if (inet_pton(AF_INET, settings_.address.c_str(), &address.sin_addr) != 1) return invalid("no IPv4 address");
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 4096) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      return failed("The answerer cannot listen");
    }
    watch(listener_.get());
    watch(STDIN_FILENO);
    fmt::print("port {}\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return {};
  }

  Result<void> run() {
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) return failed("epoll");
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
        if (descriptor == STDIN_FILENO) return {};
        if (descriptor == listener_.get()) {
          accept_all();
        } else {
          serve(descriptor);
        }
      }
    }
  }

 private:
  struct Client {
    Descriptor socket = Descriptor(-1);
    std::string inbox = {};
    std::unique_ptr<Answers> answers = {};
  };

  void watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
  }

  void accept_all() {
    for (;;) {
      const int descriptor = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(descriptor);
      const bool mqtt = settings_.transport == Transport::kMqtt;
      clients_[descriptor] = {.socket = Descriptor(descriptor),
                              .answers = mqtt ? make_mqtt_answers(settings_) : make_amqp_answers(settings_)};
    }
  }

  /// Answers are small and the peer reads them, so they are written in one go.
  void serve(int descriptor) {
    Client& client = clients_[descriptor];
    std::array<char, 8192> buffer;
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EAGAIN) return;
    Bytes out;
    if (count > 0) client.inbox.append(buffer.data(), static_cast<std::size_t>(count));
    const bool goes_on = count > 0 && client.answers->answer(client.inbox, out);
    const bool written = out.empty() || ::write(descriptor, out.data(), out.size()) == static_cast<ssize_t>(out.size());
    if (!goes_on || !written) clients_.erase(descriptor);
  }

  const AnswererSettings& settings_;
  Descriptor listener_{-1};
  Descriptor epoll_{-1};
  std::unordered_map<int, Client> clients_;
};

}  // namespace

Result<void> answer_devices(const AnswererSettings& settings) {
  Answerer answerer(settings);
  if (auto listening = answerer.listen(); !listening) return listening;
  return answerer.run();
}

}  // namespace muster::bench
