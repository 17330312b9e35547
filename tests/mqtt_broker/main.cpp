// A generic MQTT broker on the engine that devices are served with, for public conformance suites and our own tests:
// plain TCP on 127.0.0.1, no authentication, everything in memory.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "base/log.h"
#include "broker.h"
#include "server/mqtt/connection.h"
#include "server/net/server.h"

namespace {

constexpr const char* kUsage =
    "usage: mqtt_broker [PORT]\n"
    "\n"
    "Listens on 127.0.0.1, on PORT (default 1883; 0: any free one), prints \"port N\" when it is ready, and serves "
    "anybody\n"
    "until SIGINT or SIGTERM.\n";

int run(std::uint16_t port) {
  using namespace muster;
  configure_log(LogLevel::kInfo, LogFormat::kText);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const SystemClock clock;
  server::mqtt::Broker broker;
  server::mqtt::MqttProtocol protocol(broker);
  auto started = server::Server::start({.clock = clock,
                                        .endpoints = {{"127.0.0.1", port, protocol}},
                                        .transport = server::Transport::kPlain,
                                        .identities = {}});
  if (!started) {
    fmt::print(stderr, "mqtt_broker: {}\n", started.error().message);
    return 1;
  }
  fmt::print("port {}\n", (*started)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  (*started)->stop(std::chrono::seconds(1));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::uint16_t kMqtt = 1883;
  std::uint16_t port = kMqtt;
  const std::string_view text = argc > 1 ? argv[1] : "1883";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (argc > 2 || error != std::errc() || end != text.data() + text.size()) {
    const bool asked = text == "--help" || text == "-h";
    std::fputs(kUsage, asked ? stdout : stderr);
    return asked ? 0 : 2;
  }
  return run(port);
}
