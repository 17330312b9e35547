#include "hub/sinks.h"

#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "hub/sink_bridge.h"
#include "hub/sink_webhook.h"

namespace muster::hub {
namespace {

constexpr std::size_t kLongestPassword = 1024;

/// The first line of the file; empty without a file.
Result<SecretBytes> read_password(const std::filesystem::path& file) {
  if (file.empty()) return SecretBytes();
  auto text = read_file(file, kLongestPassword);
  if (!text) return std::unexpected(text.error());
  SecretBytes out(as_bytes(trim(*text)));
  wipe(*text);
  return out;
}

Result<std::unique_ptr<SinkTarget>> make_target(const SinkSettings& settings, const Sinks::Parts& parts) {
  if (settings.kind == SinkKind::kMqtt) {
    auto password = read_password(settings.password_file);
    if (!password) return std::unexpected(password.error());
    return std::make_unique<SinkBridge>(settings, *std::move(password));
  }
  auto secret = read_webhook_secret(settings.secret_file);
  if (!secret) return std::unexpected(secret.error());
  return std::make_unique<SinkWebhook>(settings, *std::move(secret), parts.outbound, parts.clock);
}

}  // namespace

Result<std::unique_ptr<Sinks>> Sinks::create(const std::vector<SinkSettings>& settings, Parts parts) {
  std::unique_ptr<Sinks> out(new Sinks(std::move(parts)));
  for (const SinkSettings& each : settings) {
    auto target = make_target(each, out->parts_);
    if (!target) return invalid(fmt::format("sink '{}': {}", each.name, target.error().message));
    out->add(each, *std::move(target));
  }
  return out;
}

Sinks::~Sinks() {
  stop();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return running_ == 0; });
}

void Sinks::add(const SinkSettings& settings, std::unique_ptr<SinkTarget> target) {
  Sink sink{.target = std::move(target), .pauses = std::make_unique<TimedPauses>(parts_.timers), .runner = {}};
  sink.runner = std::make_unique<SinkRunner>(settings, SinkRunner::Parts{parts_.store, parts_.log, *sink.target,
                                                                         *sink.pauses, parts_.random, parts_.find_hub});
  sinks_.push_back(std::move(sink));
}

void Sinks::begin() {
  for (const Sink& sink : sinks_) {
    {
      const std::scoped_lock lock(mutex_);
      ++running_;
    }
    executor_.post([this, runner = sink.runner.get()] { start(runner->run(), [this](bool) { ended(); }); });
  }
}

void Sinks::ended() {
  // Notified under the lock: the owner may go as soon as nothing runs.
  const std::scoped_lock lock(mutex_);
  if (--running_ == 0) idle_.notify_all();
}

void Sinks::stop() {
  for (const Sink& sink : sinks_) sink.runner->stop();
  if (!sinks_.empty()) parts_.log.close();
}

std::vector<SinkReport> Sinks::report() const {
  std::vector<SinkReport> out;
  for (const Sink& sink : sinks_) {
    SinkReport& report = out.emplace_back(sink.runner->settings().name, sink.runner->health());
    const SinkHealth& health = report.health;
    if (!health.hub) continue;
    const auto log = wait_for(parts_.store.find_hub_log(health.hub->instance, health.hub->host));
    const auto next =
        wait_for(parts_.store.read_hub_events(health.hub->instance, health.hub->host, health.position, {.events = 1}));
    if (log && log->last > health.position) report.lag = log->last - health.position;
    if (next && !next->empty()) report.oldest = next->front().enqueued;
  }
  return out;
}

}  // namespace muster::hub
