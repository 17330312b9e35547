#include "provisioning/webhooks.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster::provisioning {
namespace {

using outbound::HttpResponse;
using std::chrono::milliseconds;

/// States of webhooks that are kept; enrollments may name any number.
constexpr std::size_t kMostWebhooks = 1000;

constexpr int kTooManyRequests = 429;
constexpr int kServerErrors = 500;

/// What says that asking again soon is no use. Other refusals are of one device.
bool is_trouble(const Result<HttpResponse>& response) {
  return !response || response->status == kTooManyRequests || response->status >= kServerErrors;
}

milliseconds since(TimePoint begin, TimePoint now) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(now - begin));
}

/// Leaves room for another one, by what nobody uses and was used least lately.
template <class Map, class Older>
void make_room(Map& map, Older older) {
  if (map.size() < kMostWebhooks) return;
  auto oldest = map.end();
  for (auto each = map.begin(); each != map.end(); ++each) {
    if (each->second.use_count() > 1) continue;
    if (oldest == map.end() || older(*each->second, *oldest->second)) oldest = each;
  }
  if (oldest != map.end()) map.erase(oldest);
}

}  // namespace

std::shared_ptr<Webhooks::Webhook> Webhooks::webhook(const Key& key) {
  const std::scoped_lock lock(mutex_);
  if (!webhooks_.contains(key)) {
    make_room(webhooks_, [](const Webhook& a, const Webhook& b) { return a.last < b.last; });
    webhooks_.emplace(key, std::make_shared<Webhook>(settings_));
  }
  auto found = webhooks_.at(key);
  found->last = parts_.clock.now();
  return found;
}

std::shared_ptr<Turnstile> Webhooks::gate(const std::string& host) {
  const std::scoped_lock lock(mutex_);
  if (!gates_.contains(host)) {
    make_room(gates_, [](const Turnstile&, const Turnstile&) { return false; });
    gates_.emplace(host, std::make_shared<Turnstile>(std::max<std::size_t>(settings_.concurrent, 1)));
  }
  return gates_.at(host);
}

Task<Webhooks::Reply> Webhooks::call(Call call) {
  Reply reply;
  const auto target = check_target(call.url, settings_.hosts);
  if (!target) {
    reply.outcome = Reply::Outcome::kNotAllowed;
    reply.webhook = masked_url(call.url);
    reply.checks.push_back({"allocation.webhook-target", false, target.error().message});
    co_return reply;
  }
  reply.webhook = target->name;
  reply.checks.push_back({"allocation.webhook-target", true, masked_url(call.url)});
  const auto known = webhook({call.instance, target->name});
  // Shared, because the turnstile of a host may be forgotten while its last caller is on its way out.
  const auto turnstile = gate(target->host);
  const auto place = co_await turnstile->enter();
  if (!admit(*known, call.asker, reply)) co_return reply;
  const TimePoint begin = parts_.clock.now();
  auto response = co_await send(call, reply);
  reply.took = since(begin, parts_.clock.now());
  if (stopping_) {
    reply.outcome = Reply::Outcome::kStopping;
    co_return reply;
  }
  note(*known, response);
  if (!response) {
    reply.checks.push_back(
        {"allocation.webhook-call", false, fmt::format("{} ({} ms)", response.error().message, reply.took.count())});
    co_return reply;
  }
  reply.outcome = Reply::Outcome::kAnswered;
  reply.checks.push_back(
      {"allocation.webhook-call", response->status == 200,
       fmt::format("status {} in {} ms, {} octets", response->status, reply.took.count(), response->body.size())});
  reply.response = *std::move(response);
  co_return reply;
}

/// Looked at when it is the caller's turn, so that those who waited behind failures do not wait any longer.
bool Webhooks::admit(Webhook& webhook, Asker asker, Reply& reply) {
  if (stopping_) {
    reply.outcome = Reply::Outcome::kStopping;
    return false;
  }
  const std::scoped_lock lock(mutex_);
  const TimePoint now = parts_.clock.now();
  WebhookBreaker& breaker = webhook.breaker;
  const auto state = breaker.state(now);
  const bool admitted = breaker.admit(now) || asker == Asker::kOperator;
  std::string facts(to_string(state));
  if (breaker.failures() > 0) facts += fmt::format(", {} failures in a row", breaker.failures());
  if (breaker.rests_until()) facts += fmt::format(", rests until {}", format_time_seconds(*breaker.rests_until()));
  reply.checks.push_back({"allocation.webhook-circuit", admitted, std::move(facts)});
  if (!admitted) reply.outcome = Reply::Outcome::kResting;
  return admitted;
}

Task<Result<HttpResponse>> Webhooks::send(const Call& call, Reply& reply) {
  const TimePoint begin = parts_.clock.now();
  auto response = co_await try_once(call, settings_.timeout);
  if (response || !outbound::was_not_sent(response.error()) || stopping_) co_return response;
  const milliseconds left = settings_.timeout - since(begin, parts_.clock.now());
  if (left <= milliseconds(0)) co_return response;
  reply.checks.push_back({"allocation.webhook-connect", false, response.error().message + "; tried once more"});
  co_return co_await try_once(call, left);
}

Task<Result<HttpResponse>> Webhooks::try_once(const Call& call, milliseconds left) {
  outbound::HttpRequest request{.method = "POST",
                                .url = call.url,
                                .headers = {{"Content-Type", "application/json; charset=utf-8"},
                                            {"Accept", "application/json"},
                                            {"User-Agent", "muster"},
                                            {"muster-tracking-id", call.tracking_id}},
                                .body = call.body,
                                .timeout = left};
  co_return co_await parts_.http.send(std::move(request));
}

void Webhooks::note(Webhook& webhook, const Result<HttpResponse>& response) {
  const std::scoped_lock lock(mutex_);
  if (is_trouble(response)) {
    webhook.breaker.failed(parts_.clock.now());
    ++webhook.failed;
  } else {
    webhook.breaker.succeeded();
    ++webhook.succeeded;
  }
}

std::vector<WebhookStatus> Webhooks::all() const {
  const std::scoped_lock lock(mutex_);
  const TimePoint now = parts_.clock.now();
  std::vector<WebhookStatus> out;
  out.reserve(webhooks_.size());
  for (const auto& [key, each] : webhooks_) {
    out.push_back(
        {key.first, key.second, each->breaker.state(now), each->breaker.failures(), each->succeeded, each->failed});
  }
  return out;
}

}  // namespace muster::provisioning
