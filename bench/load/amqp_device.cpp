#include <utility>

#include <fmt/format.h>

#include "load/device_script.h"
#include "wire/amqp/frame.h"
#include "wire/amqp/message.h"

namespace muster::bench {
namespace {

namespace amqp = wire::amqp;

constexpr std::uint32_t kReceiver = 0;  // handles of the links
constexpr std::uint32_t kSender = 1;

class AmqpDevice final : public DeviceScript {
 public:
  using DeviceScript::DeviceScript;

  [[nodiscard]] ReadReply read_reply() const override { return read_amqp_reply; }

  std::string first_request() override {
    if (token().empty()) return open();
    step_ = Step::kSasl;
    return text(amqp::protocol_header(amqp::Protocol::kSasl));
  }

  Next on_reply(const Reply& reply) override {
    if (step_ != Step::kRegister && reply.status != 0) return failure(reply);
    switch (std::exchange(step_, next(step_))) {
      case Step::kSasl:
        return ask(text(amqp::sasl_init("PLAIN", as_bytes(plain()), settings().host)));
      case Step::kAuthenticated:
        return ask(open());
      case Step::kOpen:
        return ask(text(amqp::begin_frame()));
      case Step::kBegin:
        return ask(attach("receiver", kReceiver, true));
      case Step::kReceiver:
        return ask(text(amqp::flow_frame(kReceiver, 1)) + attach("sender", kSender, false));
      case Step::kSender:
        if (settings().hold) return {Next::Kind::kHold, {}, {}};
        return ask(request({.operation = "iotdps-register", .correlation_id = registration_id(), .body = body_}));
      case Step::kRegister:
        return DeviceScript::on_reply(reply);
    }
    return failure(reply);
  }

 private:
  /// What the last request was for; the first ones are for those with a token.
  enum class Step { kSasl, kAuthenticated, kOpen, kBegin, kReceiver, kSender, kRegister };

  static Step next(Step step) { return step == Step::kRegister ? step : static_cast<Step>(static_cast<int>(step) + 1); }
  static Next ask(std::string request) { return {Next::Kind::kAsk, std::move(request), {}}; }
  static std::string text(const Bytes& octets) { return std::string(as_text(octets)); }

  [[nodiscard]] std::string address() const {
    return fmt::format("{}/registrations/{}", settings().id_scope, registration_id());
  }
  [[nodiscard]] std::string plain() const { return fmt::format("{0}{1}{0}{2}", '\0', address(), token()); }

  [[nodiscard]] std::string open() const {
    return text(amqp::protocol_header(amqp::Protocol::kAmqp)) +
           text(amqp::open_frame(registration_id(), settings().host));
  }

  [[nodiscard]] std::string attach(std::string_view name, std::uint32_t handle, bool receives) const {
    const std::string theirs = address();
    return text(amqp::attach_frame({.name = name,
                                    .handle = handle,
                                    .receives = receives,
                                    .address = theirs,
                                    .api_version = kApiVersion,
                                    .client_version = "prov_device_client/1.0"}));
  }

  std::string request(const amqp::Request& request) {
    return text(amqp::transfer_frame(kSender, sent_++, amqp::encode_request(request)));
  }

  /// Accepts the answer before, and lets one more come.
  std::string poll(std::string_view operation) override {
    const std::uint32_t answer = answered_++;
    return text(amqp::accepted_frame(answer)) + text(amqp::flow_frame(kReceiver, answered_ + 1)) +
           request({.operation = "iotdps-get-operationstatus",
                    .operation_id = operation,
                    .correlation_id = registration_id()});
  }

  Step step_ = Step::kOpen;
  const std::string body_ = register_body();
  std::uint32_t sent_ = 0;
  std::uint32_t answered_ = 0;
};

}  // namespace

std::unique_ptr<Script> make_amqp_device(DeviceFacts facts) {
  return std::make_unique<AmqpDevice>(std::move(facts));
}

}  // namespace muster::bench
