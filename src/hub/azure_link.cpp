#include "hub/azure_link.h"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/back_off.h"
#include "base/log.h"
#include "hub/azure_wire.h"
#include "wire/sas_token.h"

namespace muster::hub {
namespace {

using outbound::HttpRequest;
using outbound::HttpResponse;
using SteadyClock = std::chrono::steady_clock;

// Of the tokens that we show: long enough for a clock that is wrong by minutes.
constexpr std::chrono::minutes kTokenLife{30};
constexpr std::chrono::seconds kClosedWait{30};
constexpr int kThrottled = 429;

std::unexpected<Error> closing() {
  return fail(ErrorCode::kUnavailable, "The service is stopping, or the link is being replaced.");
}

/// Whether the same call may get another answer soon (hub-api.md 5.4).
bool may_pass(const Result<HttpResponse>& response) {
  return !response || (!response->success() && azure_error(*response).code == ErrorCode::kUnavailable);
}

Error error_of(const Result<HttpResponse>& response) {
  return response ? azure_error(*response) : response.error();
}

std::optional<std::chrono::milliseconds> pause_asked_for(const Result<HttpResponse>& response) {
  return response ? retry_after_of(*response) : std::nullopt;
}

}  // namespace

/// A place at the gate for as long as it lives.
class AzureLink::Place {
 public:
  explicit Place(AzureLink& link) : link_(link) {
    const std::scoped_lock lock(link_.mutex_);
    ++link_.running_;
  }
  ~Place() {
    {
      const std::scoped_lock lock(link_.mutex_);
      --link_.running_;
    }
    link_.gate_.leave();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  AzureLink& link_;
};

AzureLink::AzureLink(Parts parts, const AzureLinkSettings& settings, model::LinkedHub hub)
    : parts_(parts),
      settings_(settings),
      hub_(std::move(hub)),
      gate_(settings.concurrent, parts.timers),
      pace_(settings.calls_per_minute, settings.burst),
      health_(settings.breaker) {
}

HttpRequest AzureLink::request(const Call& call) const {
  const std::string token =
      wire::make_sas_token(hub_.host_name, hub_.key, parts_.clock.now() + kTokenLife, hub_.key_name);
  HttpRequest out{.method = call.method,
                  .url = fmt::format("https://{}{}", hub_.host_name, call.path),
                  .headers = {{"Authorization", token},
                              {"Request-Id", make_guid(parts_.random)},
                              {"User-Agent", "Muster"},
                              {"Accept", "application/json"}},
                  .timeout = settings_.timeout};
  if (!call.if_match.empty()) out.headers.emplace_back("If-Match", fmt::format("\"{}\"", call.if_match));
  if (call.body) {
    out.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    out.body = boost::json::serialize(*call.body);
  }
  return out;
}

Task<Result<AzureLink::Answer>> AzureLink::call(Call call) {
  BackOff back_off({.first = settings_.first_delay, .most = settings_.longest_delay});
  bool repeated = false;
  for (int tries = 1;; ++tries) {
    auto response = co_await try_once(call);
    if (!may_pass(response)) co_return Answer{std::move(*response), repeated};
    const std::chrono::milliseconds delay = pause_asked_for(response).value_or(back_off.next(parts_.random));
    if (tries >= settings_.tries || delay > settings_.longest_delay || !answers()) {
      co_return std::unexpected(error_of(response));
    }
    repeated = repeated || !response || response->status != kThrottled;
    // What was begun goes on before what is new.
    call.turn = LinkGate::Turn::kNext;
    if (!co_await gate_.pause(delay)) co_return closing();
  }
}

Task<Result<HttpResponse>> AzureLink::try_once(const Call& call) {
  if (!co_await gate_.enter(call.turn)) co_return closing();
  const Place place(*this);
  LinkPace::Time turn;
  {
    const std::scoped_lock lock(mutex_);
    if (!health_.admit(parts_.clock.now())) {
      co_return fail(ErrorCode::kUnavailable, "The hub has not answered for a while.", health_.status().last_error);
    }
    turn = pace_.take(SteadyClock::now());
  }
  if (const auto wait = turn - SteadyClock::now(); wait > SteadyClock::duration::zero()) {
    if (!co_await gate_.pause(wait)) co_return closing();
  }
  const auto begin = SteadyClock::now();
  auto response = co_await parts_.http.send(request(call));
  note(response, std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin));
  co_return response;
}

/// Tells the health what became of a try, and the log when that changes the link's state.
void AzureLink::note(const Result<HttpResponse>& response, std::chrono::milliseconds took) {
  const std::scoped_lock lock(mutex_);
  const TimePoint now = parts_.clock.now();
  const Error error = response && response->success() ? Error{} : error_of(response);  // then it is not looked at
  const std::string why = error.detail.empty() ? error.message : fmt::format("{} {}", error.message, error.detail);
  bool changed = false;
  if (response && response->status == kThrottled) {
    changed = health_.throttled(now, why);
    pace_.hold(SteadyClock::now() +
               std::min(retry_after_of(*response).value_or(std::chrono::seconds(1)), settings_.longest_delay));
  } else if (may_pass(response)) {
    changed = health_.failed(now, why);
  } else if (error.code == ErrorCode::kUnauthorized) {
    changed = health_.unauthorized(now, why);
  } else {
    changed = health_.succeeded(now, took);
  }
  if (!changed) return;
  const LinkState state = health_.status().state;
  if (state == LinkState::kUp) {
    log_info("hub-link.up", {{"hub", hub_.host_name}});
  } else {
    log_warning("hub-link.down", {{"hub", hub_.host_name}, {"state", std::string(to_string(state))}, {"error", why}});
  }
}

Task<Result<void>> AzureLink::pause(std::chrono::milliseconds time) {
  if (!co_await gate_.pause(time)) co_return closing();
  co_return Result<void>();
}

LinkStatus AzureLink::status() const {
  const std::scoped_lock lock(mutex_);
  LinkStatus out = health_.status();
  out.running = running_;
  out.waiting = gate_.waiting();
  return out;
}

std::chrono::seconds AzureLink::expected_wait() const {
  const std::scoped_lock lock(mutex_);
  if (health_.open(parts_.clock.now())) return kClosedWait;
  const auto queue = pace_.interval() * static_cast<std::int64_t>(gate_.waiting());
  return std::chrono::ceil<std::chrono::seconds>(pace_.wait(SteadyClock::now()) + queue);
}

bool AzureLink::answers() const {
  const std::scoped_lock lock(mutex_);
  return !health_.open(parts_.clock.now()) && health_.status().state != LinkState::kUnauthorized;
}

}  // namespace muster::hub
