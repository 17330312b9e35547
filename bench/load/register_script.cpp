#include "load/register_script.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "wire/percent.h"
#include "wire/sas_token.h"

namespace muster::bench {
namespace {

constexpr std::string_view kApiVersion = "2019-03-31";  // what most SDKs send (device-api.md 3.2)
constexpr std::chrono::hours kTokenLife{1};
constexpr int kMaxPolls = 120;

std::string_view operation_id_of(std::string_view body) {
  constexpr std::string_view kMember = "\"operationId\":\"";
  const auto begin = body.find(kMember);
  if (begin == std::string_view::npos) return {};
  const std::string_view value = body.substr(begin + kMember.size());
  return value.substr(0, value.find('"'));
}

}  // namespace

class Fleet::Device final : public Script {
 public:
  Device(Fleet& fleet, std::string registration_id, const Identity* identity, std::string token)
      : fleet_(fleet), registration_id_(std::move(registration_id)), identity_(identity), token_(std::move(token)) {}

  [[nodiscard]] const Identity* identity() const override { return identity_; }

  std::string first_request() override {
    const std::string body = fmt::format(R"({{"registrationId":"{}"}})", registration_id_);
    return head("PUT", "register") +
           fmt::format("Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n", body.size()) +
           body;
  }

  Next on_reply(const Reply& reply) override {
    if (polls_ == 0 && fleet_.register_body_.empty()) fleet_.register_body_ = reply.body;
    if (reply.status == 200) {
      if (fleet_.status_body_.empty()) fleet_.status_body_ = reply.body;
      if (reply.body.find(R"("status":"assigned")") != std::string_view::npos) return {};
      return failure(reply);
    }
    const std::string_view operation = operation_id_of(reply.body);
    if (reply.status != 202 || operation.empty() || polls_ == kMaxPolls) return failure(reply);
    ++polls_;
    ++fleet_.polls_;
    return {Next::Kind::kAsk, head("GET", "operations/" + wire::percent_encode(operation)) + "\r\n", reply.retry_after};
  }

 private:
  [[nodiscard]] std::string head(std::string_view method, std::string_view action) const {
    std::string out = fmt::format(
        "{} /{}/registrations/{}/{}?api-version={} HTTP/1.1\r\nHost: {}\r\nUser-Agent: prov_device_client/1.0\r\n"
        "Accept: application/json\r\nConnection: keep-alive\r\n",
        method, fleet_.settings_.id_scope, registration_id_, action, kApiVersion, fleet_.settings_.host);
    if (!token_.empty()) out += fmt::format("Authorization: {}\r\n", token_);
    return out;
  }

  static Next failure(const Reply& reply) {
    return {Next::Kind::kFail, fmt::format("status {}: {}", reply.status, reply.body), {}};
  }

  Fleet& fleet_;
  const std::string registration_id_;
  const Identity* identity_;
  const std::string token_;
  int polls_ = 0;
};

Result<std::unique_ptr<Fleet>> Fleet::create(FleetSettings settings) {
  std::unique_ptr<Fleet> fleet(new Fleet(std::move(settings)));
  if (fleet->settings_.certificates.empty()) return fleet;
  std::vector<std::string> names;
  names.reserve(fleet->settings_.count);
  for (std::size_t i = 0; i < fleet->settings_.count; ++i) names.push_back(fleet->registration_id(i));
  SystemRandom random;
  auto identities = make_identities(fleet->settings_.certificates, names, random);
  if (!identities) return std::unexpected(identities.error());
  fleet->identities_ = std::move(*identities);
  return fleet;
}

std::unique_ptr<Script> Fleet::make(std::size_t index) {
  std::string id = registration_id(index);
  const Identity* identity = identities_.empty() ? nullptr : &identities_[index];
  std::string token = identity == nullptr ? this->token(id) : std::string();
  return std::make_unique<Device>(*this, std::move(id), identity, std::move(token));
}

std::string Fleet::registration_id(std::size_t index) const {
  return fmt::format("{}{}", settings_.prefix, settings_.first + index * settings_.stride);
}

std::string Fleet::token(const std::string& registration_id) const {
  const SecretBytes key = crypto::derive_device_key(settings_.group_key, registration_id);
  return wire::make_sas_token(fmt::format("{}/registrations/{}", settings_.id_scope, registration_id), key,
                              SystemClock().now() + kTokenLife, "registration");
}

}  // namespace muster::bench
