#include "muster/hub_session.h"

#include <utility>

#include <fmt/format.h>

#include "muster/version.h"
#include "wire/hub_identity.h"

namespace muster::cli {
namespace {

using wire::HubFilter;
using wire::mqtt::Ack;
using wire::mqtt::Connect;
using wire::mqtt::Packet;
using wire::mqtt::PacketType;
using wire::mqtt::Publish;

constexpr const char* kApiVersion = "2021-04-12";

Connect connect_packet(const HubLogin& login) {
  Connect out{.client_id = login.device_id,
              .keep_alive = static_cast<std::uint16_t>(HubSession::kKeepAlive.count()),
              .user_name = wire::hub_user_name({.hub = login.hub,
                                                .device_id = login.device_id,
                                                .api_version = kApiVersion,
                                                .client = fmt::format("muster/{}", kVersion)})};
  if (!login.token.empty()) out.password = login.token;
  return out;
}

struct Reader {
  std::string payload;

  HubMessage operator()(wire::MethodCallTopic topic) {
    return MethodCall{std::move(topic.name), std::move(topic.request_id), std::move(payload)};
  }
  HubMessage operator()(wire::DesiredTopic topic) { return DesiredChange{topic.version, std::move(payload)}; }
  HubMessage operator()(wire::MessageTopic topic) {
    return CloudMessage{std::move(topic.properties), std::move(payload)};
  }
};

}  // namespace

Result<std::unique_ptr<HubSession>> HubSession::open(std::unique_ptr<OctetChannel> channel, const HubLogin& login) {
  std::unique_ptr<HubSession> session(new HubSession(std::move(channel), login.device_id));
  if (auto connected = session->client_.connect(connect_packet(login)); !connected) {
    return std::unexpected(connected.error());
  }
  std::vector<std::string> filters;
  for (const HubFilter filter : {HubFilter::kMethods, HubFilter::kDesired, HubFilter::kMessages}) {
    filters.push_back(wire::text_of(filter, login.device_id));
  }
  if (auto subscribed = session->client_.subscribe(filters); !subscribed) return std::unexpected(subscribed.error());
  return session;
}

Result<std::uint16_t> HubSession::send_telemetry(std::string body) {
  return client_.publish(wire::telemetry_topic(device_id_), std::move(body));
}

Result<void> HubSession::answer(const MethodCall& call, int status, std::string payload) {
  const auto sent = client_.publish(wire::method_answer_topic(status, call.request_id), std::move(payload));
  return sent ? Result<void>() : std::unexpected(sent.error());
}

Result<std::optional<HubMessage>> HubSession::next(std::chrono::milliseconds wait) {
  auto packet = client_.receive_within(wait);
  if (!packet) return std::unexpected(packet.error());
  if (!*packet) return std::nullopt;
  if (const auto* ack = std::get_if<Ack>(&**packet); ack != nullptr && ack->type == PacketType::kPuback) {
    return Acknowledged{ack->packet_id};
  }
  auto* message = std::get_if<Publish>(&**packet);
  if (message == nullptr) return std::nullopt;  // the answer to a ping
  auto topic = wire::parse_hub_topic(message->topic, device_id_);
  if (!topic) return fail(ErrorCode::kInternal, topic.error().message);
  return std::visit(Reader{std::move(message->payload)}, *std::move(topic));
}

}  // namespace muster::cli
