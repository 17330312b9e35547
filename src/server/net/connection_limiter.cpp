#include "server/net/connection_limiter.h"

#include <algorithm>

namespace muster::server {
namespace {

namespace ip = boost::asio::ip;

ip::address plain(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

}  // namespace

std::string peer_network(const ip::address& address) {
  const ip::address peer = plain(address);
  if (peer.is_v4()) return peer.to_string();
  auto octets = peer.to_v6().to_bytes();
  std::fill(octets.begin() + 8, octets.end(), 0);
  return ip::address_v6(octets).to_string();
}

std::string peer_network(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = ip::make_address(address, error);
  return error ? address : peer_network(parsed);
}

std::optional<ConnectionLimiter::Slot> ConnectionLimiter::admit(const ip::address& peer) {
  std::string key = peer_network(peer);
  const std::scoped_lock lock(mutex_);
  if (open_ >= limits_.total) return std::nullopt;
  const auto found = by_peer_.find(key);
  if ((found == by_peer_.end() ? 0 : found->second) >= limits_.per_peer) return std::nullopt;
  ++by_peer_[key];
  ++open_;
  return std::optional<Slot>(std::in_place, *this, std::move(key));
}

void ConnectionLimiter::release(const std::string& peer) {
  const std::scoped_lock lock(mutex_);
  --open_;
  const auto found = by_peer_.find(peer);
  if (--found->second == 0) by_peer_.erase(found);
}

std::string address_text(const ip::address& address) {
  return plain(address).to_string();
}

}  // namespace muster::server
