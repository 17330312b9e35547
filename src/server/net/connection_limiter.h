#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "server/net/server_options.h"

namespace muster::server {

/// Counts open connections in total and by peer. Thread-safe; outlives every slot it gave.
class ConnectionLimiter {
 public:
  /// One counted connection; gives its place back when dropped.
  class Slot {
   public:
    Slot(ConnectionLimiter& limiter, std::string peer) : limiter_(&limiter), peer_(std::move(peer)) {}
    Slot(Slot&& other) noexcept : limiter_(std::exchange(other.limiter_, nullptr)), peer_(std::move(other.peer_)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (limiter_ != nullptr) limiter_->release(peer_);
    }

   private:
    ConnectionLimiter* limiter_;
    std::string peer_;
  };

  explicit ConnectionLimiter(ConnectionLimits limits) : limits_(limits) {}

  /// Nothing when the limit is reached.
  std::optional<Slot> admit(const boost::asio::ip::address& peer);

 private:
  void release(const std::string& peer);

  const ConnectionLimits limits_;
  std::mutex mutex_;  // protects open_ and by_peer_
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::size_t> by_peer_;
};

/// What counts as one peer with this address: the address itself, or the /64 that any host has for itself in IPv6.
std::string peer_network(const boost::asio::ip::address& address);
/// Of an address as address_text() gives it; of any other text the text itself.
std::string peer_network(const std::string& address);

/// The address as text, an IPv4 address inside IPv6 as IPv4.
std::string address_text(const boost::asio::ip::address& address);

}  // namespace muster::server
