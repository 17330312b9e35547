#include "server/mqtt/provisioning.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/device_identity.h"
#include "wire/provisioning_topic.h"

namespace muster::server::mqtt {
namespace {

using wire::mqtt::ConnectReturn;
using wire::mqtt::Publish;
using wire::mqtt::Qos;

/// What the only filter is that may be subscribed to (6.4).
constexpr std::string_view kResponses = "$dps/registrations/res/#";
/// Of the answers that may wait; there is one at a time.
constexpr std::size_t kMostResponseOctets = std::size_t{1} << 20U;

// What a CONNECT that is refused, or a foreign topic, is counted as.
constexpr int kMalformed = 400'000;

provisioning::Evidence evidence_of(const Newcomer& newcomer) {
  const auto& password = newcomer.connect.password;
  if (password && !password->empty()) return provisioning::SasEvidence{*password};
  if (newcomer.client) return provisioning::CertificateEvidence{newcomer.client->leaf, newcomer.client->chain};
  return provisioning::NoEvidence{};
}

class DeviceSession final : public Session {
 public:
  DeviceSession(DeviceGateway& gateway, DeviceCall device, std::shared_ptr<Outbox> outbox)
      : gateway_(gateway), device_(std::move(device)), outbox_(std::move(outbox)) {}

  Task<std::uint8_t> subscribe(wire::mqtt::Subscription wanted) override {
    if (wanted.filter != kResponses) co_return wire::mqtt::kSubscribeFailure;
    response_qos_ = std::min(wanted.qos, Qos::kAtLeastOnce);
    co_return static_cast<std::uint8_t>(response_qos_);
  }

  Task<bool> unsubscribe(std::string filter) override { co_return filter == kResponses; }

  Task<Result<Rest>> publish(Publish message) override {
    if (message.qos == Qos::kExactlyOnce) co_return invalid("QoS 2 is not offered.");
    auto request = wire::parse_provisioning_topic(message.topic);
    if (!request) {
      gateway_.malformed(kMalformed);
      co_return std::unexpected(request.error());
    }
    const bool registers = request->operation_id.empty();
    std::string argument = registers ? std::move(message.payload) : std::move(request->operation_id);
    DeviceReply reply = co_await gateway_.run(registers ? DeviceOperation::kRegister : DeviceOperation::kStatus,
                                              device_, std::move(argument));
    Publish response{.topic = wire::provisioning_response_topic(reply.status, request->request_id, reply.retry_after),
                     .payload = std::move(reply.body),
                     .qos = response_qos_};
    // One answer for each request, none before the last one is gone (6.6): there is always room.
    outbox_->push(std::move(response));
    co_return Rest();
  }

 private:
  DeviceGateway& gateway_;
  const DeviceCall device_;
  std::shared_ptr<Outbox> outbox_;
  Qos response_qos_ = Qos::kAtMostOnce;
};

}  // namespace

Task<std::expected<Accepted, ConnectReturn>> Provisioning::connect(Newcomer newcomer) {
  const auto identity = wire::parse_device_user_name(newcomer.connect.user_name.value_or(""));
  if (!identity) {
    gateway_.malformed(kMalformed);
    co_return std::unexpected(ConnectReturn::kBadUserNameOrPassword);
  }
  if (!equals_nocase(newcomer.connect.client_id, identity->registration_id)) {
    gateway_.malformed(kMalformed);
    co_return std::unexpected(ConnectReturn::kIdentifierRejected);
  }
  DeviceCall device{.id_scope = identity->id_scope,
                    .host = {},
                    .request = {.registration_id = identity->registration_id,
                                .evidence = evidence_of(newcomer),
                                .api_version = identity->api_version,
                                .transport = std::move(newcomer.transport),
                                .peer_address = std::move(newcomer.peer_address)}};
  auto outbox = std::make_shared<Outbox>(OutboxLimits{.in_flight = 4, .waiting = 8, .octets = kMostResponseOctets});
  auto session = std::make_unique<DeviceSession>(gateway_, std::move(device), outbox);
  co_return Accepted{std::move(session), std::move(outbox)};
}

}  // namespace muster::server::mqtt
