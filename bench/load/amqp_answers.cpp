#include <optional>

#include "load/answerer.h"
#include "wire/amqp/encode.h"
#include "wire/amqp/frame.h"
#include "wire/amqp/message.h"

namespace muster::bench {
namespace {

namespace amqp = wire::amqp;

constexpr std::size_t kMaxFrame = 65'536;
constexpr std::uint32_t kSender = 1;  ///< handle of the device's sending link, as the devices here have it
constexpr std::uint32_t kReceiver = 0;

class AmqpAnswers final : public Answers {
 public:
  using Answers::Answers;

  bool answer(std::string& inbox, Bytes& out) override {
    for (;;) {
      const auto frame = amqp::read_frame(as_bytes(inbox), kMaxFrame);
      if (!frame) return false;
      if (!*frame) return true;
      answer_frame(**frame, out);
      inbox.erase(0, (*frame)->size);
    }
  }

 private:
  void answer_frame(const amqp::FrameView& frame, Bytes& out) {
    const auto put = [&out](const Bytes& octets) { out.insert(out.end(), octets.begin(), octets.end()); };
    if (frame.protocol) {
      put(amqp::protocol_header(*frame.protocol));
      if (*frame.protocol == amqp::Protocol::kSasl) put(amqp::sasl_mechanisms("PLAIN"));
      return;
    }
    switch (frame.kind.value_or(amqp::Performative::kFlow)) {
      case amqp::Performative::kSaslInit:
        return put(amqp::sasl_outcome(0));
      case amqp::Performative::kOpen:
        return put(amqp::open_frame("IoTDPSGW_00112233445566778899aabbccddeeff", ""));
      case amqp::Performative::kBegin:
        return put(amqp::begin_frame());
      case amqp::Performative::kAttach:
        // The device attaches its receiver first, its sender second.
        attached_ = !attached_;
        put(amqp::attach_frame({.name = attached_ ? "receiver" : "sender",
                                .handle = attached_ ? kReceiver : kSender,
                                .receives = !attached_,
                                .address = "0ne00000000/registrations/device",
                                .api_version = "",
                                .client_version = ""}));
        if (!attached_) put(amqp::flow_frame(kSender, 50));
        return;
      case amqp::Performative::kTransfer:
        return answer_request(frame, out);
      default:
        return;
    }
  }

  void answer_request(const amqp::FrameView& frame, Bytes& out) {
    const auto put = [&out](const Bytes& octets) { out.insert(out.end(), octets.begin(), octets.end()); };
    const auto request = amqp::decode_message(frame.payload);
    if (!request) return;
    const bool registers = request->property("iotdps-operation-type") == "iotdps-register";
    put(amqp::accepted_frame(answered_));
    const Bytes message =
        amqp::encode_response({.correlation_id = request->correlation_id,
                               .retry_after = registers ? std::optional(std::chrono::seconds(1)) : std::nullopt,
                               .body = registers ? settings().register_body : settings().status_body});
    put(amqp::transfer_frame(kReceiver, answered_++, message));
  }

  bool attached_ = false;
  std::uint32_t answered_ = 0;
};

}  // namespace

std::unique_ptr<Answers> make_amqp_answers(const AnswererSettings& settings) {
  return std::make_unique<AmqpAnswers>(settings);
}

}  // namespace muster::bench
