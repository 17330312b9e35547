#include <fmt/format.h>

#include "load/device_script.h"
#include "wire/percent.h"

namespace muster::bench {
namespace {

class HttpDevice final : public DeviceScript {
 public:
  explicit HttpDevice(DeviceFacts facts) : DeviceScript(std::move(facts)), token_(token()) {}

  [[nodiscard]] ReadReply read_reply() const override { return read_http_reply; }

  std::string first_request() override {
    const std::string body = facts().tpm == nullptr ? register_body() : body_with_keys(*facts().tpm);
    return head("PUT", "register") +
           fmt::format("Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n", body.size()) +
           body;
  }

  Next on_reply(const Reply& reply) override {
    if (facts().tpm == nullptr) return DeviceScript::on_reply(reply);
    if (reply.status == 401 && token_.empty()) return answer_challenge(reply);
    // The hub's key, which the device signs with from now on.
    if (reply.status == 200 && !activate(reply.body)) return failure(reply);
    return DeviceScript::on_reply(reply);
  }

 private:
  /// device-api.md 5.3: the same call again, with a token by the key that the TPM activated.
  Next answer_challenge(const Reply& reply) {
    facts().fleet.saw_challenge_body(reply.body);
    const auto key = activate(reply.body);
    if (!key) return failure(reply);
    token_ = facts().fleet.token(registration_id(), *key);
    return {Next::Kind::kAsk, first_request(), {}};
  }

  [[nodiscard]] std::optional<SecretBytes> activate(std::string_view body) const {
    constexpr std::string_view kMember = "\"authenticationKey\":\"";
    const auto begin = body.find(kMember);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::string_view value = body.substr(begin + kMember.size());
    const auto blob = from_base64(value.substr(0, value.find('"')));
    auto key = blob ? facts().tpm->activate(*blob) : std::nullopt;
    if (!key && settings().any_answer) key = SecretBytes(Bytes(32, 1));
    return key;
  }

  [[nodiscard]] std::string body_with_keys(const SoftTpm& tpm) const {
    return fmt::format(R"({{"registrationId":"{}","tpm":{{"endorsementKey":"{}","storageRootKey":"{}"}}}})",
                       registration_id(), to_base64(tpm.ek.octets), to_base64(tpm.srk.octets));
  }

  std::string poll(std::string_view operation) override {
    return head("GET", "operations/" + wire::percent_encode(operation)) + "\r\n";
  }

  [[nodiscard]] std::string head(std::string_view method, std::string_view action) const {
    std::string out = fmt::format(
        "{} /{}/registrations/{}/{}?api-version={} HTTP/1.1\r\nHost: {}\r\nUser-Agent: prov_device_client/1.0\r\n"
        "Accept: application/json\r\nConnection: keep-alive\r\n",
        method, settings().id_scope, registration_id(), action, kApiVersion, settings().host);
    if (!token_.empty()) out += fmt::format("Authorization: {}\r\n", token_);
    return out;
  }

  std::string token_;
};

}  // namespace

std::unique_ptr<Script> make_http_device(DeviceFacts facts) {
  return std::make_unique<HttpDevice>(std::move(facts));
}

}  // namespace muster::bench
