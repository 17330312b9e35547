#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "muster/octet_channel.h"

namespace muster::cli {

/// For tests: a service at the other end of a channel, which outlives the channels to it.
struct FakeEnd {
  /// What the service says to what is sent; nothing by itself.
  std::function<Bytes(ByteView)> reply = [](ByteView) { return Bytes(); };
  /// What comes while the client waits: time passes, the service says something, or the connection is lost.
  std::function<Result<void>(std::chrono::milliseconds)> silence = [](auto) { return Result<void>(); };
  std::size_t piece = 10'000;          ///< how many octets come at once at most
  std::vector<Bytes> heard = {};       ///< one for each send()
  std::deque<std::uint8_t> said = {};  ///< not received yet

  void say(ByteView octets) { said.insert(said.end(), octets.begin(), octets.end()); }
  std::unique_ptr<OctetChannel> channel();
};

class FakeChannel final : public OctetChannel {
 public:
  explicit FakeChannel(FakeEnd& end) : end_(end) {}

  Result<void> send(ByteView octets) override {
    end_.heard.emplace_back(octets.begin(), octets.end());
    end_.say(end_.reply(octets));
    return {};
  }

  Result<Bytes> receive() override {
    if (end_.said.empty()) return fail(ErrorCode::kUnavailable, "The fake is silent.");
    const auto count = static_cast<std::ptrdiff_t>(std::min(end_.piece, end_.said.size()));
    Bytes out(end_.said.begin(), end_.said.begin() + count);
    end_.said.erase(end_.said.begin(), end_.said.begin() + count);
    return out;
  }

  Result<Bytes> receive_within(std::chrono::milliseconds wait) override {
    if (!end_.said.empty()) return receive();
    if (auto waited = end_.silence(wait); !waited) return std::unexpected(waited.error());
    return end_.said.empty() ? Bytes() : receive();
  }

 private:
  FakeEnd& end_;
};

inline std::unique_ptr<OctetChannel> FakeEnd::channel() {
  return std::make_unique<FakeChannel>(*this);
}

}  // namespace muster::cli
