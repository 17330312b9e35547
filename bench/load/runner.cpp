#include "load/runner.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace muster::bench {
namespace {

constexpr std::size_t kLocalAddresses = 100;

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("no epoll");
  return descriptor;
}

}  // namespace

Runner::Runner(const RunSettings& settings, const ClientContext& context, ScriptSource& source)
    : settings_(settings), context_(context), source_(source), epoll_(make_epoll()), clients_(settings.clients) {
}

Runner::~Runner() {
  ::close(epoll_);
}

RunOutcome Runner::run() {
  while (over_ < settings_.clients) {
    start_clients();
    wait_and_serve();
    fire_timers();
  }
  return std::move(outcome_);
}

void Runner::start_clients() {
  while (started_ < settings_.clients && active_ < settings_.concurrency && open_ < settings_.max_open) {
    start(started_++);
  }
}

void Runner::start(std::size_t index) {
  Client& client = clients_[index];
  client.script = source_.make(index);
  const std::string source = fmt::format("127.0.1.{}", 1 + index % kLocalAddresses);
  ++active_;
  ++open_;
  auto connection =
      TlsClient::connect(context_, settings_.endpoint, source, client.script->identity(), client.script->read_reply());
  if (!connection) return failed(index, connection.error().message + " " + connection.error().detail);
  client.connection = std::move(*connection);
  client.connection->ask(client.script->first_request());
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.u64 = index;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.connection->descriptor(), &event) != 0) {
    failed(index, "the connection cannot be watched");
  }
}

void Runner::wait_and_serve() {
  using std::chrono::milliseconds;
  // Nothing to wait for but the server or the next pause to end.
  milliseconds patience{1000};
  if (!timers_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(timers_.top().at - std::chrono::steady_clock::now());
    patience = std::clamp(left, milliseconds(0), patience);
  }
  if (over_ == settings_.clients) return;
  std::array<epoll_event, 256> events;
  const int count =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(patience.count()));
  if (count < 0 && errno != EINTR) throw std::runtime_error("epoll failed");
  for (int i = 0; i < count; ++i) go_on(events[static_cast<std::size_t>(i)].data.u64);
}

void Runner::fire_timers() {
  const Time now = std::chrono::steady_clock::now();
  while (!timers_.empty() && timers_.top().at <= now) {
    const std::size_t index = timers_.top().index;
    timers_.pop();
    Client& client = clients_[index];
    if (!client.connection) continue;  // lost while it paused
    ++active_;
    client.connection->ask(std::exchange(client.pending, {}));
    go_on(index);
  }
}

void Runner::go_on(std::size_t index) {
  Client& client = clients_[index];
  for (;;) {
    switch (client.connection->advance()) {
      case TlsClient::Progress::kWaiting:
        return;
      case TlsClient::Progress::kFailed:
        // A client that paused is counted as active again for its end.
        if (!client.pending.empty()) ++active_;
        return failed(index, client.connection->failure());
      case TlsClient::Progress::kReply:
        ++outcome_.replies;
        if (outcome_.agreed.empty()) outcome_.agreed = client.connection->agreed();
        if (!obey(index, client.script->on_reply(client.connection->reply()))) return;
    }
  }
}

bool Runner::obey(std::size_t index, Next next) {
  Client& client = clients_[index];
  switch (next.kind) {
    case Next::Kind::kAsk:
      if (next.delay.count() == 0) {
        client.connection->ask(std::move(next.request));
        return true;
      }
      client.pending = std::move(next.request);
      timers_.push({std::chrono::steady_clock::now() + next.delay, index});
      --active_;
      return false;
    case Next::Kind::kWait:
      client.connection->expect();
      return true;
    case Next::Kind::kDone:
      ++outcome_.completed;
      client.connection->close();
      finish(index);
      return false;
    case Next::Kind::kHold:
      ++outcome_.completed;
      ++over_;
      --active_;
      return false;
    case Next::Kind::kFail:
      failed(index, next.request);
      return false;
  }
  return false;
}

void Runner::finish(std::size_t index) {
  clients_[index] = {};
  ++over_;
  --active_;
  --open_;
}

void Runner::failed(std::size_t index, const std::string& why) {
  if (outcome_.first_failure.empty()) outcome_.first_failure = why;
  ++outcome_.failed;
  finish(index);
}

}  // namespace muster::bench
