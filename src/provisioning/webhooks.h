#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/turnstile.h"
#include "model/check.h"
#include "model/ids.h"
#include "outbound/http.h"
#include "provisioning/settings.h"
#include "provisioning/webhook_breaker.h"
#include "provisioning/webhook_target.h"

namespace muster::provisioning {

/// What is shown of a webhook.
struct WebhookStatus {
  model::InstanceId instance;
  std::string name;  ///< its URL without query
  WebhookBreaker::State state = WebhookBreaker::State::kClosed;
  int failures = 0;             ///< in a row
  std::uint64_t succeeded = 0;  ///< calls that it answered, whatever it said
  std::uint64_t failed = 0;     ///< calls without an answer, or with one that tells of trouble
};

/// Calls webhooks (service-api.md 9, R-105): few at a time for each host, so that a slow one holds none but its own
/// devices; within a time limit; once more when no connection could be made; not at all for a while when they keep
/// failing. What a call's answer means is the caller's business.
///
/// Lifecycle: stop() before the client is stopped. Thread-safe.
class Webhooks {
 public:
  struct Parts {
    outbound::HttpClient& http;  ///< that refuses addresses and large answers (refused_webhook_networks())
    const Clock& clock;
  };

  Webhooks(Parts parts, const WebhookSettings& settings) : parts_(parts), settings_(settings) {}

  /// Who asks: a device's registration, or an operator, who wants to know whether a resting webhook works again.
  enum class Asker { kDevice, kOperator };
  struct Call {
    model::InstanceId instance;
    std::string url;
    std::string body;  ///< JSON
    std::string tracking_id;
    Asker asker = Asker::kDevice;
  };
  struct Reply {
    enum class Outcome {
      kAnswered,  ///< with any status
      kNotAllowed,
      kResting,
      kUnreachable,
      kStopping,
    };
    Outcome outcome = Outcome::kUnreachable;
    outbound::HttpResponse response = {};   ///< answered
    std::vector<model::Check> checks = {};  ///< everything that was looked at
    std::string webhook = {};               ///< its URL without query
    std::chrono::milliseconds took{};       ///< without the wait for its turn
  };
  Task<Reply> call(Call call);

  void stop() { stopping_ = true; }
  /// Of those that were called lately.
  [[nodiscard]] std::vector<WebhookStatus> all() const;

 private:
  using Key = std::pair<model::InstanceId, std::string>;
  struct Webhook {
    explicit Webhook(const WebhookSettings& settings) : breaker(settings) {}
    WebhookBreaker breaker;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    TimePoint last;
  };

  std::shared_ptr<Webhook> webhook(const Key& key);
  std::shared_ptr<Turnstile> gate(const std::string& host);
  bool admit(Webhook& webhook, Asker asker, Reply& reply);
  Task<Result<outbound::HttpResponse>> send(const Call& call, Reply& reply);
  Task<Result<outbound::HttpResponse>> try_once(const Call& call, std::chrono::milliseconds left);
  void note(Webhook& webhook, const Result<outbound::HttpResponse>& response);

  const Parts parts_;
  const WebhookSettings settings_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // protects the maps and what is in webhooks_
  std::map<Key, std::shared_ptr<Webhook>> webhooks_;
  std::map<std::string, std::shared_ptr<Turnstile>> gates_;  ///< by host
};

}  // namespace muster::provisioning
