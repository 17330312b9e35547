#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "server/mqtt/owner.h"

namespace muster::server::mqtt {

/// A generic broker on the engine that devices are served with, so that public conformance suites can be run against
/// it: anybody may come, any topic but one, wildcards, retained messages, wills, kept sessions, QoS 0 and 1 to clients
/// and 0 to 2 from them. Keeps everything in memory and asks nobody who he is: for tests only. Thread-safe.
class Broker final : public Owner {
 public:
  Broker();
  ~Broker() override;

  Task<std::expected<Accepted, wire::mqtt::ConnectReturn>> connect(Newcomer newcomer) override;

 private:
  struct Client;
  class ClientSession;
  using Clients = std::map<std::string, std::shared_ptr<Client>, std::less<>>;

  void subscribe(Client& client, const wire::mqtt::Subscription& wanted);
  void publish(const wire::mqtt::Publish& message);
  void leave(const std::shared_ptr<Client>& client, std::uint64_t visit, bool orderly);

  std::mutex mutex_;  // protects everything below and what is in it
  Clients clients_;
  std::map<std::string, wire::mqtt::Publish, std::less<>> retained_;
  std::uint64_t visits_ = 0;
};

}  // namespace muster::server::mqtt
