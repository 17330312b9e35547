#include "muster/device_channel.h"

#include <utility>

#include "muster/tls_channel.h"
#include "muster/web_socket_channel.h"

namespace muster::cli {
namespace {

/// A protocol of devices that is no HTTP: its own port, or the sub-protocol of WebSocket on the port of HTTPS.
struct ChannelProtocol {
  std::uint16_t port;
  std::string_view sub_protocol;
};

ChannelProtocol protocol_of(std::string_view transport) {
  constexpr std::uint16_t kHttpsPort = 443;
  constexpr std::uint16_t kMqttPort = 8883;
  constexpr std::uint16_t kAmqpPort = 5671;
  if (transport == "mqtt") return {kMqttPort, ""};
  if (transport == "mqtt-ws") return {kHttpsPort, "mqtt"};
  if (transport == "amqp") return {kAmqpPort, ""};
  return {kHttpsPort, "AMQPWSB10"};
}

}  // namespace

Result<OpenChannel> channel_to(const Program& program, const std::string& host, const std::string& transport,
                               HttpClientOptions network) {
  const ChannelProtocol protocol = protocol_of(transport);
  auto service = parse_host_port(host, protocol.port);
  if (!service) return std::unexpected(service.error());
  return [&program, host, sub_protocol = std::string(protocol.sub_protocol),
          target = TlsTarget{*std::move(service), std::move(network)}]() -> Result<std::unique_ptr<OctetChannel>> {
    auto channel = program.open_tls(target);
    if (!channel || sub_protocol.empty()) return channel;
    return open_web_socket(*std::move(channel), host, sub_protocol, program.random);
  };
}

}  // namespace muster::cli
