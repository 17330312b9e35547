#include "server/operations/operations.h"

#include <utility>

#include "base/log.h"

namespace muster::server {
namespace {

/// Main beats every few seconds; threads that are busy with one request take milliseconds.
constexpr std::chrono::seconds kThreadPatience{30};
/// A scraper, a probe or two and an operator.
constexpr std::size_t kMostConnections = 64;

}  // namespace

Operations::Operations(const Options& options)
    : metrics_(options.version, options.database, certificates_),
      liveness_(kThreadPatience, std::chrono::steady_clock::now()),
      readiness_(options.clock, certificates_, options.database.parent_path()),
      handler_({metrics_, liveness_, readiness_}) {
}

Result<std::unique_ptr<Operations>> Operations::start(const Options& options) {
  std::unique_ptr<Operations> made(new Operations(options));
  if (options.access_log) {
    auto log = AccessLog::open(*options.access_log);
    if (!log) return fail(log.error().code, "access_log (--access-log): " + log.error().message);
    made->access_log_ = std::move(*log);
    made->metrics_.add(*made->access_log_);
    made->registrations_.add(*made->access_log_);
  }
  if (options.listen) {
    const ServerOptions listening{.clock = options.clock,
                                  .endpoints = {{options.listen->address, options.listen->port, made->protocol_}},
                                  .threads = 1,
                                  .transport = Transport::kPlain,
                                  .identities = {},
                                  .limits = {.total = kMostConnections, .per_peer = kMostConnections}};
    auto server = Server::start(listening);
    if (!server) {
      return fail(server.error().code, server.error().message +
                                           " It is for metrics and health checks: choose another address with "
                                           "--operations-listen (operations_listen), or off.");
    }
    made->server_ = std::move(*server);
    log_info("operations.listening",
             {{"address", options.listen->address}, {"port", std::to_string(made->server_->port())}});
  }
  return made;
}

Operations::~Operations() {
  stop();
}

std::vector<OperationObserver*> Operations::operation_observers() {
  std::vector<OperationObserver*> out{&metrics_.api()};
  if (access_log_) out.push_back(access_log_.get());
  return out;
}

std::optional<std::uint16_t> Operations::port() const {
  if (!server_) return std::nullopt;
  return server_->port();
}

void Operations::set_instances(std::span<const model::Instance> instances) {
  registrations_.add(metrics_.watch_registrations(instances));
  if (access_log_) access_log_->set_instances(instances);
}

void Operations::serving(store::Store& store) {
  readiness_.serving([&store] { return store.check_writable(); });
}

void Operations::stopping() {
  readiness_.stopping();
  liveness_.stop();  // threads end now, and main waits for them
}

void Operations::reopen_log() {
  if (access_log_) access_log_->reopen();
}

void Operations::stop() {
  if (server_) server_->stop(std::chrono::milliseconds(0));
}

}  // namespace muster::server
