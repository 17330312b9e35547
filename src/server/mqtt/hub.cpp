#include "server/mqtt/hub.h"

#include <utility>

#include "base/log.h"
#include "server/hub_api/local_hubs.h"
#include "server/mqtt/outbox_links.h"
#include "wire/device_identity.h"
#include "wire/hub_identity.h"

namespace muster::server::mqtt {
namespace {

using wire::mqtt::ConnectReturn;
using wire::mqtt::Qos;

constexpr std::size_t kMostWaitingOctets = std::size_t{1} << 20U;

hub::DeviceProof proof_of(const Newcomer& newcomer, const std::string& device_id) {
  hub::DeviceProof out{.device_id = device_id};
  if (newcomer.connect.password && !newcomer.connect.password->empty()) out.token = *newcomer.connect.password;
  if (newcomer.client) {
    out.leaf = newcomer.client->leaf;
    out.chain = newcomer.client->chain;
  }
  return out;
}

std::unexpected<ConnectReturn> turn_away(const Newcomer& newcomer, std::string_view reason) {
  log_info("hub.device-refused", {{"user", newcomer.connect.user_name.value_or("")},
                                  {"client", newcomer.connect.client_id},
                                  {"peer", newcomer.peer_address},
                                  {"reason", std::string(reason)}});
  return std::unexpected(ConnectReturn::kNotAuthorized);
}

/// What a will is when it is published: telemetry that says that it was one (hub-api.md 2.4). nullopt when it is for
/// another topic, which no will may be.
std::optional<model::HubEvent> will_event(const wire::mqtt::Will& will, const std::string& device_id) {
  auto topic = wire::parse_device_topic(will.topic);
  auto* telemetry = topic ? std::get_if<wire::TelemetryTopic>(&*topic) : nullptr;
  if (telemetry == nullptr || telemetry->device_id != device_id || will.qos == Qos::kExactlyOnce) return std::nullopt;
  telemetry->properties.emplace_back("iothub-MessageType", "Will");
  if (will.retain) telemetry->properties.emplace_back("mqtt-retain", "true");
  return model::HubEvent{.device_id = device_id, .properties = std::move(telemetry->properties), .body = will.payload};
}

}  // namespace

Task<std::expected<Accepted, ConnectReturn>> Hub::connect(Newcomer newcomer) {
  const auto identity = wire::parse_hub_user_name(newcomer.connect.user_name.value_or(""));
  if (!identity) co_return turn_away(newcomer, identity.error().message);
  if (!identity->module_id.empty()) co_return turn_away(newcomer, "modules are not served");
  if (newcomer.connect.client_id != identity->device_id) co_return turn_away(newcomer, "the client id is another one");
  std::optional<model::HubEvent> will;
  if (newcomer.connect.will) {
    will = will_event(*newcomer.connect.will, identity->device_id);
    if (!will) co_return turn_away(newcomer, "the will is not for the device's events");
  }
  const auto found = co_await find_local_hub(parts_.instances, parts_.store, identity->hub);
  if (!found) co_return turn_away(newcomer, "no such hub is served here");
  const hub::HubName& name = found->name;
  const auto device = co_await parts_.store.find_hub_device(name.instance, name.host, identity->device_id);
  if (!device) co_return std::unexpected(ConnectReturn::kServerUnavailable);
  const TimePoint now = parts_.clock.now();
  const auto admitted = hub::judge_device(*device ? &**device : nullptr, proof_of(newcomer, identity->device_id),
                                          *found->config, name.host, now, parts_.proof);
  if (!admitted) co_return turn_away(newcomer, admitted.error().detail);

  auto outbox = std::make_shared<Outbox>(OutboxLimits{.in_flight = 16, .waiting = 64, .octets = kMostWaitingOctets});
  const auto visit = parts_.devices.enter(name, identity->device_id, std::make_shared<OutboxLink>(outbox),
                                          {newcomer.peer_address, admitted->method}, newcomer.connect.clean_session);
  if (!visit) {
    if (visit.error().notice && parts_.notices.security) {
      co_await tell_of_contest(name, identity->device_id, (*device)->generation_id, *visit.error().notice);
    }
    co_return std::unexpected(ConnectReturn::kServerUnavailable);
  }
  // Somebody may have shut it out before it could be found among the connected.
  const auto still = co_await parts_.store.find_hub_device(name.instance, name.host, identity->device_id);
  if (!still || !*still || (*still)->etag != (*device)->etag) {
    parts_.devices.leave(name, identity->device_id, visit->number);
    co_return std::unexpected(ConnectReturn::kServerUnavailable);
  }
  DeviceSession::Facts facts{.hub = name,
                             .device_id = identity->device_id,
                             .generation_id = (*device)->generation_id,
                             .auth_method = admitted->method,
                             .visit = visit->number,
                             .will = std::move(will),
                             .messages = visit->messages};
  if (facts.will) {
    facts.will->generation_id = facts.generation_id;
    facts.will->auth_method = facts.auth_method;
  }
  if (parts_.notices.connections) {
    parts_.events.tell(
        name, model::notice_of_connection(name.host, facts.device_id, facts.generation_id, true, facts.visit, now));
  }
  if (admitted->until) {
    const auto rest = *admitted->until + parts_.proof.sas_tolerance - now;
    facts.end =
        parts_.timers.at(std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::milliseconds>(rest),
                         [outbox = std::weak_ptr(outbox)] {
                           if (const auto alive = outbox.lock()) alive->close();
                         });
  }
  auto session = std::make_unique<DeviceSession>(parts_, std::move(facts), outbox);
  co_return Accepted{std::move(session), std::move(outbox), visit->session_present};
}

/// Waits until it is on disk: an audit must not miss it because of a crash a moment later.
Task<bool> Hub::tell_of_contest(hub::HubName hub, std::string device_id, std::string generation_id,
                                model::IdentityContest contest) {
  log_warning("hub.identity-contested", {{"hub", hub.host},
                                         {"device", device_id},
                                         {"connected", contest.connected.address},
                                         {"refused", contest.refused.address}});
  const auto kept = co_await parts_.events.append(
      hub, model::notice_of_contest(hub.host, device_id, generation_id, contest, parts_.clock.now()));
  if (!kept) log_warning("hub.event-not-kept", {{"hub", hub.host}, {"reason", kept.error().message}});
  co_return kept.has_value();
}

Task<std::expected<Accepted, ConnectReturn>> DeviceOwner::connect(Newcomer newcomer) {
  const auto hub = wire::parse_hub_user_name(newcomer.connect.user_name.value_or(""));
  const bool provisions = wire::parse_device_user_name(newcomer.connect.user_name.value_or("")).has_value();
  // What is neither is refused as provisioning does it.
  Owner& owner = hub && !provisions && !gateway_.serves(hub->hub) ? hub_ : provisioning_;
  co_return co_await owner.connect(std::move(newcomer));
}

}  // namespace muster::server::mqtt
