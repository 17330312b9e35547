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
#include "wire/mqtt/decode.h"
#include "wire/mqtt/encode.h"
#include "wire/provisioning_topic.h"

namespace muster::bench {
namespace {

namespace mqtt = wire::mqtt;

constexpr std::size_t kMaxPacket = 65'536;

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
    Descriptor socket{-1};
    std::string inbox;
    std::uint16_t last_id = 0;
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
      clients_[descriptor].socket = Descriptor(descriptor);
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
    const bool goes_on = count > 0 && answer(client, out);
    const bool written = out.empty() || ::write(descriptor, out.data(), out.size()) == static_cast<ssize_t>(out.size());
    if (!goes_on || !written) clients_.erase(descriptor);
  }

  bool answer(Client& client, Bytes& out) const {
    for (;;) {
      const auto header = mqtt::read_fixed_header(as_bytes(client.inbox), kMaxPacket);
      if (!header) return false;
      if (!*header || client.inbox.size() < (*header)->size + (*header)->body_size) return true;
      const auto packet = mqtt::decode(**header, as_bytes(client.inbox).subspan((*header)->size, (*header)->body_size));
      client.inbox.erase(0, (*header)->size + (*header)->body_size);
      if (!packet) return false;
      if (std::holds_alternative<mqtt::Connect>(*packet)) mqtt::append(out, mqtt::Connack{});
      if (const auto* subscribe = std::get_if<mqtt::Subscribe>(&*packet)) {
        mqtt::append(out, mqtt::Suback{.packet_id = subscribe->packet_id, .granted = {1}});
      }
      if (const auto* publish = std::get_if<mqtt::Publish>(&*packet)) answer(client, *publish, out);
    }
  }

  void answer(Client& client, const mqtt::Publish& publish, Bytes& out) const {
    mqtt::append(out, mqtt::Ack{mqtt::PacketType::kPuback, publish.packet_id});
    const bool registers = publish.topic.contains("/PUT/");
    const auto pause = registers ? std::optional(std::chrono::seconds(1)) : std::nullopt;
    mqtt::append(out, mqtt::Publish{.topic = wire::provisioning_response_topic(registers ? 202 : 200, "1", pause),
                                    .payload = registers ? settings_.register_body : settings_.status_body,
                                    .qos = mqtt::Qos::kAtLeastOnce,
                                    .packet_id = ++client.last_id});
  }

  const AnswererSettings& settings_;
  Descriptor listener_{-1};
  Descriptor epoll_{-1};
  std::unordered_map<int, Client> clients_;
};

}  // namespace

Result<void> answer_mqtt(const AnswererSettings& settings) {
  Answerer answerer(settings);
  if (auto listening = answerer.listen(); !listening) return listening;
  return answerer.run();
}

}  // namespace muster::bench
