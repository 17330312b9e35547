#include "server/net/server.h"

#include <csignal>
#include <thread>
#include <utility>

#include "base/log.h"
#include "server/net/listener.h"
#include "server/net/worker.h"

namespace muster::server {
namespace {

unsigned thread_count(const ServerOptions& options) {
  return options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<Server> server(new Server(options));
  if (options.transport == Transport::kTls) {
    if (auto ready = server->replace_identities(options.identities); !ready) return std::unexpected(ready.error());
  }
  for (const Endpoint& endpoint : options.endpoints) {
    if (auto listening = server->listen(endpoint); !listening) return std::unexpected(listening.error());
  }
  for (auto& worker : server->workers_) worker->start();
  return server;
}

Server::Server(const ServerOptions& options) : clock_(options.clock), state_(std::make_unique<ServerState>(options)) {
  for (unsigned i = 0; i < thread_count(options); ++i) workers_.push_back(std::make_unique<Worker>(*state_));
}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

const ServerCounters& Server::counters(std::size_t endpoint) const {
  return state_->endpoints.at(endpoint).counters;
}

std::vector<Executor*> Server::threads() {
  std::vector<Executor*> out;
  out.reserve(workers_.size());
  for (auto& worker : workers_) out.push_back(&worker->executor());
  return out;
}

Result<void> Server::replace_identities(const std::vector<TlsIdentity>& identities) {
  std::vector<std::shared_ptr<const TlsContext>> contexts;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto context = TlsContext::create(identities);
    if (!context) return std::unexpected(context.error());
    contexts.push_back(std::make_shared<const TlsContext>(std::move(*context)));
  }
  for (const std::string& warning : validity_warnings(identities, clock_.now())) {
    log_warning("tls.identity_not_valid", {{"reason", warning}});
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->use_context(std::move(contexts[i]));
  return {};
}

Result<void> Server::listen(const Endpoint& endpoint) {
  if (auto free = check_port_is_free(endpoint.address, endpoint.port); !free) return free;
  // The first takes the port, which may be any free one; the others join it.
  std::uint16_t port = endpoint.port;
  for (auto& worker : workers_) {
    const auto bound = worker->listen(endpoint.address, port);
    if (!bound) return std::unexpected(bound.error());
    port = *bound;
  }
  ports_.push_back(port);
  return {};
}

void Server::stop(std::chrono::milliseconds grace) {
  for (auto& worker : workers_) worker->stop(grace);
  for (auto& worker : workers_) worker->join();
}

}  // namespace muster::server
