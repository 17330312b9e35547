#include "hub/sink_runner.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace muster::hub {
namespace {

constexpr std::size_t kPageOctets = std::size_t{1} << 20U;
constexpr std::chrono::seconds kLongestRead{30};
constexpr std::chrono::seconds kLongestAsked{600};

}  // namespace

SinkRunner::SinkRunner(SinkSettings settings, Parts parts)
    : settings_(std::move(settings)),
      parts_(std::move(parts)),
      consumer_("sink:" + settings_.name),
      page_events_(settings_.events),
      back_off_({}) {
}

void SinkRunner::stop() {
  stopping_ = true;
  parts_.target.stop();
  parts_.pauses.cut();
}

SinkHealth SinkRunner::health() const {
  const std::scoped_lock lock(mutex_);
  return health_;
}

Task<bool> SinkRunner::run() {
  while (!stopping_) {
    const auto found = co_await find_place();
    if (found) break;
    co_await rest(found.error().message, {});
  }
  while (!stopping_) co_await take_page();
  co_return true;
}

Task<Result<void>> SinkRunner::find_place() {
  hub_ = co_await parts_.find_hub(settings_.hub);
  if (!hub_) co_return fail(ErrorCode::kNotFound, "The hub " + settings_.hub + " is not served here.");
  const auto kept = co_await parts_.store.find_hub_consumer(hub_->instance, hub_->host, consumer_);
  if (!kept) co_return std::unexpected(kept.error());
  position_ = *kept;
  if (position_ == 0) {
    const auto log = co_await parts_.store.find_hub_log(hub_->instance, hub_->host);
    if (!log) co_return std::unexpected(log.error());
    position_ = log->first - 1;
    if (position_ > 0) co_await keep(position_);
  }
  log_info("sink.begins", {{"sink", settings_.name}, {"hub", hub_->host}, {"after", std::to_string(position_)}});
  const std::scoped_lock lock(mutex_);
  health_.hub = hub_;
  health_.position = position_;
  health_.trouble.clear();
  co_return Result<void>();
}

Task<bool> SinkRunner::take_page() {
  const auto page = co_await parts_.log.read(
      *hub_, {.after = position_, .limit = {.events = page_events_, .octets = kPageOctets}, .wait = kLongestRead});
  if (!page) co_return co_await rest(page.error().message, {});
  if (page->empty() || stopping_) co_return true;
  note_lost(page->front());
  co_return co_await settle(*page, co_await parts_.target.deliver(*hub_, *page));
}

Task<bool> SinkRunner::settle(const std::vector<model::HubEvent>& page, Delivery outcome) {
  const std::size_t delivered = outcome.verdict == Delivery::Verdict::kDone ? page.size() : outcome.delivered;
  if (delivered > 0) {
    note_delivered(delivered);
    co_await keep(page[delivered - 1].sequence);
  }
  switch (outcome.verdict) {
    case Delivery::Verdict::kDone:
      page_events_ = std::min(settings_.events, page_events_ + page_events_ / 8 + 1);
      co_return true;
    case Delivery::Verdict::kLater:
      break;
    case Delivery::Verdict::kTooLarge:
      if (page.size() > 1) {
        page_events_ = page.size() / 2;
        co_return true;
      }
      [[fallthrough]];
    case Delivery::Verdict::kRefused:
      if (++refusals_ >= settings_.refusals) {
        give_up(page, outcome);
        co_await keep(page.back().sequence);
        co_return true;
      }
  }
  co_return co_await rest(std::move(outcome.reason), outcome.pause);
}

/// Also when the store fails the sink goes on from there, until a restart takes it back to the place that was kept.
Task<bool> SinkRunner::keep(std::uint64_t position) {
  position_ = position;
  refusals_ = 0;
  {
    const std::scoped_lock lock(mutex_);
    health_.position = position;
  }
  const auto kept = co_await parts_.store.put_hub_consumer(hub_->instance, hub_->host, consumer_, position);
  if (!kept) log_warning("sink.place-not-kept", {{"sink", settings_.name}, {"reason", kept.error().message}});
  co_return kept.has_value();
}

Task<bool> SinkRunner::rest(std::string reason, std::optional<std::chrono::seconds> asked) {
  if (stopping_) co_return true;
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    ++health_.failures;
    first = health_.trouble != reason;
    health_.trouble = reason;
  }
  if (first) {
    log_warning("sink.fails", {{"sink", settings_.name}, {"after", std::to_string(position_)}, {"reason", reason}});
  }
  std::chrono::milliseconds time = back_off_.next(parts_.random);
  if (asked) time = std::max<std::chrono::milliseconds>(time, std::min(*asked, kLongestAsked));
  co_return co_await parts_.pauses.pause(time);
}

void SinkRunner::note_lost(const model::HubEvent& next) {
  const std::uint64_t lost = next.sequence - position_ - 1;
  if (lost == 0) return;
  log_warning("sink.events-lost", {{"sink", settings_.name},
                                   {"events", std::to_string(lost)},
                                   {"first", std::to_string(position_ + 1)},
                                   {"reason", "the retention dropped them before they were delivered"}});
  position_ = next.sequence - 1;
  const std::scoped_lock lock(mutex_);
  health_.lost += lost;
  health_.position = position_;
}

void SinkRunner::note_delivered(std::size_t events) {
  bool again = false;
  {
    const std::scoped_lock lock(mutex_);
    ++health_.deliveries;
    health_.delivered += events;
    again = !std::exchange(health_.trouble, {}).empty();
  }
  back_off_.reset();
  if (again) log_info("sink.delivers-again", {{"sink", settings_.name}, {"after", std::to_string(position_)}});
}

void SinkRunner::give_up(const std::vector<model::HubEvent>& page, const Delivery& outcome) {
  log_error("sink.events-given-up", {{"sink", settings_.name},
                                     {"events", std::to_string(page.size())},
                                     {"first", std::to_string(page.front().sequence)},
                                     {"last", std::to_string(page.back().sequence)},
                                     {"reason", outcome.reason}});
  const std::scoped_lock lock(mutex_);
  ++health_.failures;
  health_.given_up += page.size();
}

}  // namespace muster::hub
