#include "server/amqp/provisioning.h"

#include <utility>

#include "base/text.h"
#include "server/amqp/device_sasl.h"
#include "wire/amqp/message.h"
#include "wire/device_identity.h"

namespace muster::server::amqp {
namespace {

using wire::DeviceIdentity;

// What device-api.md 3.6 and 4.1 have for these.
constexpr int kBadRequest = 400'000;
constexpr int kUnauthorized = 401'002;

// Application properties of a request (7.4).
constexpr std::string_view kOperationType = "iotdps-operation-type";
constexpr std::string_view kOperationId = "iotdps-operation-id";
constexpr std::string_view kRegister = "iotdps-register";
constexpr std::string_view kStatus = "iotdps-get-operationstatus";

/// What a device speaks that names no version (7.2): that of most SDKs (3.2).
constexpr std::string_view kImpliedVersion = "2019-03-31";

/// By the status that HTTP would have (7.3). That of 400 is a choice.
std::string condition_name(int status) {
  switch (status) {
    case 401:
    case 403:
      return "amqp:unauthorized-access";
    case 404:
      return "amqp:not-found";
    case 429:
      return "com.microsoft:device-container-throttled";
    default:
      return status >= 500 ? "amqp:internal-error" : "amqp:invalid-field";
  }
}

Condition condition_of(DeviceReply reply) {
  return {condition_name(reply.status), std::move(reply.body), reply.retry_after};
}

bool is_refusal(const DeviceReply& reply) {
  return reply.status >= 300;
}

struct Request {
  DeviceOperation operation = DeviceOperation::kRegister;
  std::string argument;
  Bytes correlation_id;
};

Result<Request> read_request(ByteView octets) {
  auto message = wire::amqp::decode_message(octets);
  if (!message) return std::unexpected(message.error());
  const auto type = message->property(kOperationType);
  Bytes& id = message->correlation_id;
  if (type == kRegister) return Request{DeviceOperation::kRegister, std::move(message->body), std::move(id)};
  if (type != kStatus) return invalid("iotdps-operation-type is missing or unknown.");
  const auto operation_id = message->property(kOperationId);
  if (!operation_id || operation_id->empty()) return invalid("iotdps-operation-id is missing.");
  return Request{DeviceOperation::kStatus, std::string(*operation_id), std::move(id)};
}

class DeviceSession final : public Session, private TpmJudge {
 public:
  DeviceSession(DeviceGateway& gateway, Newcomer newcomer)
      : gateway_(gateway),
        sasl_(newcomer.client, *this),
        peer_address_(std::move(newcomer.peer_address)),
        transport_(std::move(newcomer.transport)) {}

  SaslMechanisms& mechanisms() override { return sasl_; }

  /// An ID scope that nobody has is told at once: no request could do better (7.3 form 1).
  Task<std::optional<Condition>> open(std::string host_name) override {
    host_name_ = std::move(host_name);
    const auto& identity = sasl_.proof().identity;
    if (!identity || gateway_.serves(identity->id_scope)) co_return std::nullopt;
    DeviceIdentity unknown = *identity;
    unknown.api_version = kImpliedVersion;  // it is named with the links, which will not be attached
    DeviceReply reply = co_await gateway_.run(DeviceOperation::kRegister, call_of(unknown), "");
    co_return condition_of(std::move(reply));
  }

  std::expected<std::string, Condition> attach(const Link& link) override {
    const auto identity = wire::parse_device_address(link.address);
    if (!identity) return refuse({}, {400, kBadRequest, identity.error().message});
    const auto& proved = sasl_.proof().identity;
    if (proved && !wire::same_device(*proved, *identity)) {
      return refuse(*identity, {401, kUnauthorized, "Unauthorized", "The link is for another device."});
    }
    return to_lower(identity->id_scope) + "/" + to_lower(identity->registration_id);
  }

  Task<Verdict> receive(Link link, Bytes message) override {
    auto identity = wire::parse_device_address(link.address);
    if (!identity) co_return Verdict{refuse({}, {400, kBadRequest, identity.error().message}).error()};
    identity->api_version = link.api_version.empty() ? std::string(kImpliedVersion) : std::move(link.api_version);
    auto decoded = read_request(message);
    if (!decoded) co_return Verdict{refuse(*identity, {400, kBadRequest, decoded.error().message}).error()};
    DeviceReply reply = co_await gateway_.run(decoded->operation, call_of(*identity), std::move(decoded->argument));
    if (is_refusal(reply)) co_return Verdict{condition_of(std::move(reply))};
    co_return Verdict{
        .response = wire::amqp::encode_response(
            {.correlation_id = decoded->correlation_id, .retry_after = reply.retry_after, .body = reply.body})};
  }

 private:
  Task<std::optional<Bytes>> challenge(DeviceIdentity identity, Bytes endorsement_key,
                                       Bytes storage_root_key) override {
    identity.api_version = kImpliedVersion;  // it is named with the links
    auto challenge = co_await gateway_.challenge_tpm(call_of(identity, provisioning::NoEvidence()),
                                                     std::move(endorsement_key), std::move(storage_root_key));
    if (!challenge) co_return std::nullopt;
    refused_ = challenge->refused;
    co_return std::move(challenge->activation);
  }

  Task<bool> accept(DeviceIdentity identity, std::string token) override {
    if (refused_) co_return false;
    identity.api_version = kImpliedVersion;
    co_return co_await gateway_.proves(call_of(identity, provisioning::SasEvidence{std::move(token)}));
  }

  [[nodiscard]] DeviceCall call_of(const DeviceIdentity& identity) const {
    return call_of(identity, sasl_.proof().evidence);
  }
  [[nodiscard]] DeviceCall call_of(const DeviceIdentity& identity, provisioning::Evidence evidence) const {
    return {.id_scope = identity.id_scope,
            .host = host_name_,
            .request = {.registration_id = identity.registration_id,
                        .evidence = std::move(evidence),
                        .api_version = identity.api_version,
                        .transport = transport_,
                        .peer_address = peer_address_}};
  }

  [[nodiscard]] std::unexpected<Condition> refuse(const DeviceIdentity& identity, const ApiError& error) const {
    return std::unexpected(condition_of(gateway_.turn_away(call_of(identity), error)));
  }

  DeviceGateway& gateway_;
  DeviceSasl sasl_;
  const std::string peer_address_;
  const std::string transport_;
  std::string host_name_;
  bool refused_ = false;  ///< with the challenge, which the device does not know yet
};

}  // namespace

std::unique_ptr<Session> Provisioning::meet(Newcomer newcomer) {
  return std::make_unique<DeviceSession>(gateway_, std::move(newcomer));
}

}  // namespace muster::server::amqp
