#pragma once

// For tests of this module: a client whose webhooks answer as the test says.

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "outbound/http.h"

namespace muster::provisioning::testing {

/// Answers every request at once, or holds them until release().
class WebhookClient final : public outbound::HttpClient {
 public:
  using Answer = std::function<Result<outbound::HttpResponse>(const outbound::HttpRequest&)>;

  Task<Result<outbound::HttpResponse>> send(outbound::HttpRequest request) override {
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
    }
    if (held) {
      co_await Handover<bool>([this](auto complete) {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(std::move(complete));
      });
    }
    co_return answer(request);
  }

  void release() {
    std::vector<std::move_only_function<void(bool)>> released;
    {
      const std::scoped_lock lock(mutex_);
      released.swap(waiting_);
    }
    for (auto& complete : released) complete(true);
  }
  std::vector<outbound::HttpRequest> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

  static outbound::HttpResponse status(int code, std::string body = "") {
    return {.status = code, .body = std::move(body)};
  }
  static Result<outbound::HttpResponse> not_connected() {
    return fail(ErrorCode::kUnavailable, "Cannot reach alloc.test", std::string(outbound::kNotConnected));
  }
  static Result<outbound::HttpResponse> lost() { return fail(ErrorCode::kUnavailable, "It took too long."); }

  Answer answer = [](const auto&) { return status(200, R"({"iotHubHostName":"hub-b.test"})"); };
  std::atomic<bool> held = false;

 private:
  mutable std::mutex mutex_;  // protects what follows
  std::vector<outbound::HttpRequest> requests_;
  std::vector<std::move_only_function<void(bool)>> waiting_;
};

}  // namespace muster::provisioning::testing
