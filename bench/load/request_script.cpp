#include "load/request_script.h"

#include <fmt/format.h>

namespace muster::bench {

class RequestSource::Repeater final : public Script {
 public:
  Repeater(const RequestSettings& settings, const Identity* identity)
      : settings_(settings), identity_(identity), left_(settings.requests) {}

  [[nodiscard]] const Identity* identity() const override { return identity_; }
  [[nodiscard]] ReadReply read_reply() const override { return read_http_reply; }

  std::string first_request() override {
    std::string out =
        fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n", settings_.target, settings_.host);
    if (!settings_.authorization.empty()) out += fmt::format("Authorization: {}\r\n", settings_.authorization);
    return out + "\r\n";
  }

  Next on_reply(const Reply& reply) override {
    if (reply.status != settings_.expected_status) {
      return {Next::Kind::kFail, fmt::format("status {}: {}", reply.status, reply.body), {}};
    }
    if (--left_ > 0) return {Next::Kind::kAsk, first_request(), {}};
    return {settings_.hold ? Next::Kind::kHold : Next::Kind::kDone, {}, {}};
  }

 private:
  const RequestSettings& settings_;
  const Identity* identity_;
  std::size_t left_;
};

std::unique_ptr<Script> RequestSource::make(std::size_t /*index*/) {
  return std::make_unique<Repeater>(settings_, identity_);
}

}  // namespace muster::bench
