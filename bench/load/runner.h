#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "load/script.h"

namespace muster::bench {

struct RunSettings {
  Endpoint endpoint;
  std::size_t clients = 1;
  std::size_t concurrency = 64;  ///< clients that are connecting or waiting for an answer
  std::size_t max_open = 4000;   ///< connections at once, those that pause before a poll included
};

struct RunOutcome {
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t replies = 0;
  std::string agreed;  ///< TLS version, cipher and group of the first connection
  std::string first_failure;
};

/// Runs clients over one epoll on the calling thread. They take turns on the local addresses 127.0.1.1 to 127.0.1.100,
/// so that there are ports for many and no address has more connections than a server allows it.
///
/// Clients that pause do not count as concurrent, so that the pause a service asks for does not limit the rate. Clients
/// that hold stay connected until the runner is dropped.
class Runner {
 public:
  Runner(const RunSettings& settings, const ClientContext& context, ScriptSource& source);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Returns when every client has finished, failed or holds.
  RunOutcome run();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Client {
    std::unique_ptr<Script> script;
    std::unique_ptr<TlsClient> connection;
    std::string pending;  ///< to be asked after the pause
  };
  struct Timer {
    Time at;
    std::size_t index;
    bool operator>(const Timer& other) const { return at > other.at; }
  };

  void start_clients();
  void start(std::size_t index);
  void wait_and_serve();
  void fire_timers();
  void go_on(std::size_t index);
  /// False: the client has nothing to do now.
  bool obey(std::size_t index, Next next);
  void finish(std::size_t index);
  void failed(std::size_t index, const std::string& why);

  const RunSettings& settings_;
  const ClientContext& context_;
  ScriptSource& source_;
  const int epoll_;
  std::vector<Client> clients_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::size_t started_ = 0;
  std::size_t active_ = 0;
  std::size_t open_ = 0;
  std::size_t over_ = 0;  ///< finished, failed or holding
  RunOutcome outcome_;
};

}  // namespace muster::bench
