#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster {

/// An address of either family as sixteen octets; IPv4 as in IPv6, ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2).
using IpAddress = std::array<std::uint8_t, 16>;

/// "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", with or without a zone ("%eth0").
std::optional<IpAddress> parse_ip_address(std::string_view text);

/// All addresses that begin alike.
struct IpNetwork {
  IpAddress address = {};  ///< the bits beyond `bits` are 0
  int bits = 0;            ///< of 128; those of IPv4 begin at 96

  auto operator<=>(const IpNetwork&) const = default;
};

/// "192.0.2.0/24", "2001:db8::/32", or one address. kInvalidArgument: not a network, or one with bits set beyond its
/// length.
Result<IpNetwork> parse_ip_network(std::string_view text);
/// The network of that length around an address.
IpNetwork network_of(const IpAddress& address, int bits);

/// Values by network; of an address, that of the smallest network around it.
template <class T>
class IpNetworkMap {
 public:
  /// False: the network is there already.
  bool add(const IpNetwork& network, T value) {
    lengths_[network.bits] = true;
    return values_.emplace(network, std::move(value)).second;
  }
  [[nodiscard]] const T* find(const IpAddress& address) const {
    for (int bits = kBits; bits >= 0; --bits) {
      if (!lengths_[bits]) continue;
      const auto found = values_.find(network_of(address, bits));
      if (found != values_.end()) return &found->second;
    }
    return nullptr;
  }
  [[nodiscard]] bool empty() const { return values_.empty(); }

 private:
  static constexpr int kBits = 128;

  std::array<bool, kBits + 1> lengths_{};
  std::map<IpNetwork, T> values_;
};

}  // namespace muster
