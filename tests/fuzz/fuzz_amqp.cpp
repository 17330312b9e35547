// A peer of the AMQP engine: any octets go through the gate to the engine, whose events are answered as a service
// would, until one side ends the connection.
#include <cstdlib>

#include "server/amqp/engine.h"
#include "server/amqp/frame_gate.h"
#include "wire/amqp/message.h"

namespace {

using namespace muster;
using namespace muster::server::amqp;

constexpr std::size_t kMostOutput = std::size_t{1} << 20U;

class Service {
 public:
  /// False: the connection is over.
  bool feed(ByteView unit) {
    engine_.feed(unit);
    while (auto event = engine_.next_event()) std::visit([this](auto& each) { answer(each); }, *event);
    engine_.drain();
    output_ += engine_.take_output().size();
    if (output_ > kMostOutput) std::abort();
    return !engine_.is_over();
  }
  void close(const Condition& condition) {
    engine_.close(condition);
    engine_.take_output();
  }

  FrameGate gate;

 private:
  void answer(SaslInput& input) {
    if (input.response.empty()) return engine_.challenge(as_bytes("challenge"));
    const bool accepted = input.response.front() != 0xff;
    engine_.outcome(accepted);
    if (accepted) gate.authenticated();
  }
  void answer(Opened& opened) {
    opened.host_name == "refused" ? engine_.open_refusing({"amqp:not-found", "{}"}) : engine_.open();
  }
  void answer(Attached& attached) {
    if (attached.address.empty()) return engine_.refuse(attached.link, {"amqp:not-found", "{}"});
    engine_.accept(attached.link);
    if (!attached.peer_sends) link_ = attached.link;
  }
  void answer(Received& received) {
    const auto message = wire::amqp::decode_message(received.message);
    if (!message)
      return engine_.settle(received.delivery, Condition{"amqp:invalid-field", "{}", std::chrono::seconds(1)});
    const Bytes response =
        wire::amqp::encode_response({.correlation_id = message->correlation_id, .body = message->body});
    if (!wire::amqp::decode_message(response)) std::abort();
    engine_.settle(received.delivery, std::nullopt);
    engine_.send(link_, response);
    engine_.grant(received.link);
  }
  void answer(const Detached& /*detached*/) {}

  Engine engine_{{.container_id = "fuzz", .max_message = 4096}, {"EXTERNAL", "PLAIN"}};
  LinkId link_ = 0;
  std::size_t output_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Service service;
  ByteView rest(data, size);
  for (;;) {
    const auto unit = service.gate.next(rest);
    if (!unit) {
      service.close(unit.error());
      return 0;
    }
    if (!*unit || !service.feed(rest.first(**unit))) return 0;
    rest = rest.subspan(**unit);
  }
}
