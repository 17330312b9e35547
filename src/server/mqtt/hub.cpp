#include "server/mqtt/hub.h"

#include <utility>

#include "base/log.h"
#include "server/hub_api/local_hubs.h"
#include "server/mqtt/outbox_links.h"
#include "wire/device_identity.h"
#include "wire/hub_identity.h"

namespace muster::server::mqtt {
namespace {

using hub::ConnectResult;
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
  const auto claim = RefusedConnects::claim_of(identity, newcomer.peer_address);
  if (const auto throttle = refused_.look(claim)) {
    if (!throttle->repeated) {
      log_info("hub.device-throttled",
               {{"user", newcomer.connect.user_name.value_or("")}, {"peer", newcomer.peer_address}});
    }
    co_return deny(newcomer, {ConnectResult::kThrottled});
  }
  auto guest = co_await identify(newcomer, identity);
  if (!guest) {
    if (guest.error().result == ConnectResult::kRefused) refused_.note(claim);
    co_return deny(newcomer, guest.error());
  }
  const std::string hub = guest->hub.host;
  auto accepted = co_await let_in(newcomer, *std::move(guest));
  if (!accepted) co_return deny(newcomer, {accepted.error(), hub});
  parts_.counters.of(hub).connects.add(ConnectResult::kAccepted);
  co_return *std::move(accepted);
}

std::unexpected<ConnectReturn> Hub::deny(const Newcomer& newcomer, const Denial& denial) {
  parts_.counters.of(denial.hub).connects.add(denial.result);
  if (denial.result != ConnectResult::kRefused) return std::unexpected(ConnectReturn::kServerUnavailable);
  log_info("hub.device-refused", {{"user", newcomer.connect.user_name.value_or("")},
                                  {"client", newcomer.connect.client_id},
                                  {"peer", newcomer.peer_address},
                                  {"reason", denial.reason}});
  return std::unexpected(ConnectReturn::kNotAuthorized);
}

Task<std::expected<Hub::Guest, Hub::Denial>> Hub::identify(const Newcomer& newcomer,
                                                           const Result<wire::HubIdentity>& identity) {
  std::string hub;  // once it is known to be one
  const auto refuse = [&hub](std::string reason) {
    return std::unexpected(Denial{ConnectResult::kRefused, hub, std::move(reason)});
  };
  if (!identity) co_return refuse(identity.error().message);
  const auto found = co_await find_local_hub(parts_.instances, parts_.store, identity->hub);
  if (!found) co_return refuse("no such hub is served here");
  hub = found->name.host;
  if (!identity->module_id.empty()) co_return refuse("modules are not served");
  if (newcomer.connect.client_id != identity->device_id) co_return refuse("the client id is another one");
  std::optional<model::HubEvent> will;
  if (newcomer.connect.will) {
    will = will_event(*newcomer.connect.will, identity->device_id);
    if (!will) co_return refuse("the will is not for the device's events");
  }
  auto device = co_await parts_.store.find_hub_device(found->name.instance, hub, identity->device_id);
  if (!device) co_return std::unexpected(Denial{ConnectResult::kUnavailable, hub});
  auto admission = hub::judge_device(*device ? &**device : nullptr, proof_of(newcomer, identity->device_id),
                                     *found->config, hub, parts_.clock.now(), parts_.proof);
  if (!admission) co_return refuse(admission.error().detail);
  co_return Guest{found->name, **std::move(device), *std::move(admission), std::move(will)};
}

Task<std::expected<Accepted, ConnectResult>> Hub::let_in(const Newcomer& newcomer, Guest guest) {
  const hub::HubName& name = guest.hub;
  const std::string& device_id = guest.device.device_id;
  auto& take_overs = parts_.counters.of(name.host).take_overs;
  auto outbox = std::make_shared<Outbox>(OutboxLimits{.in_flight = 16, .waiting = 64, .octets = kMostWaitingOctets});
  const auto visit =
      parts_.devices.enter(name, device_id, std::make_shared<OutboxLink>(outbox),
                           {newcomer.peer_address, guest.admission.method}, newcomer.connect.clean_session);
  if (!visit) {
    take_overs.add(hub::TakeOverResult::kThrottled);
    if (visit.error().notice && parts_.notices.security) {
      co_await tell_of_contest(name, guest.device, *visit.error().notice);
    }
    co_return std::unexpected(ConnectResult::kThrottled);
  }
  if (visit->took_over) take_overs.add(hub::TakeOverResult::kDone);
  // Somebody may have shut it out before it could be found among the connected.
  const auto still = co_await parts_.store.find_hub_device(name.instance, name.host, device_id);
  if (!still || !*still || (*still)->etag != guest.device.etag) {
    parts_.devices.leave(name, device_id, visit->number);
    co_return std::unexpected(ConnectResult::kUnavailable);
  }
  auto session = begin_session(std::move(guest), *visit, outbox);
  co_return Accepted{std::move(session), std::move(outbox), visit->session_present};
}

std::unique_ptr<DeviceSession> Hub::begin_session(Guest guest, const hub::LiveDevices::Visit& visit,
                                                  const std::shared_ptr<Outbox>& outbox) {
  const TimePoint now = parts_.clock.now();
  DeviceSession::Facts facts{.hub = guest.hub,
                             .device_id = guest.device.device_id,
                             .generation_id = guest.device.generation_id,
                             .auth_method = guest.admission.method,
                             .visit = visit.number,
                             .will = std::move(guest.will),
                             .messages = visit.messages};
  if (facts.will) {
    facts.will->generation_id = facts.generation_id;
    facts.will->auth_method = facts.auth_method;
  }
  if (parts_.notices.connections) {
    parts_.events.tell(facts.hub, model::notice_of_connection(facts.hub.host, facts.device_id, facts.generation_id,
                                                              true, facts.visit, now));
  }
  if (guest.admission.until) {
    const auto rest = *guest.admission.until + parts_.proof.sas_tolerance - now;
    facts.end =
        parts_.timers.at(std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::milliseconds>(rest),
                         [outbox = std::weak_ptr(outbox)] {
                           if (const auto alive = outbox.lock()) alive->close();
                         });
  }
  return std::make_unique<DeviceSession>(parts_, std::move(facts), outbox);
}

/// Waits until it is on disk: an audit must not miss it because of a crash a moment later.
Task<bool> Hub::tell_of_contest(const hub::HubName& hub, const model::HubDevice& device,
                                const model::IdentityContest& contest) {
  log_warning("hub.identity-contested", {{"hub", hub.host},
                                         {"device", device.device_id},
                                         {"connected", contest.connected.address},
                                         {"refused", contest.refused.address}});
  const auto kept = co_await parts_.events.append(
      hub, model::notice_of_contest(hub.host, device.device_id, device.generation_id, contest, parts_.clock.now()));
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
