#include "base/ip_network.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace muster {
namespace {

constexpr int kBits = 128;
constexpr int kMappedBits = 96;  // that stand before the bits of IPv4
constexpr IpAddress kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));
  IpAddress address{};
  if (::inet_pton(AF_INET6, plain.c_str(), address.data()) == 1) return address;
  address = kMapped;
  if (::inet_pton(AF_INET, plain.c_str(), address.data() + kMappedBits / 8) == 1) return address;
  return std::nullopt;
}

IpNetwork network_of(const IpAddress& address, int bits) {
  IpNetwork out{address, bits};
  for (int octet = 0; octet < kBits / 8; ++octet) {
    const int kept = std::clamp(bits - octet * 8, 0, 8);
    const auto mask = static_cast<std::uint8_t>(0xFF00U >> static_cast<unsigned>(kept));
    auto& value = out.address[static_cast<std::size_t>(octet)];
    value = static_cast<std::uint8_t>(value & mask);
  }
  return out;
}

Result<IpNetwork> parse_ip_network(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view shown = text.substr(0, slash);
  const auto address = parse_ip_address(shown);
  if (!address) return invalid(fmt::format("is not a network: '{}'", text));
  if (slash == std::string_view::npos) return IpNetwork{*address, kBits};
  const int before = shown.find(':') == std::string_view::npos ? kMappedBits : 0;
  const std::string_view digits = text.substr(slash + 1);
  int length = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || length < 0 || length > kBits - before) {
    return invalid(fmt::format("is not a network: '{}'", text));
  }
  const IpNetwork network = network_of(*address, before + length);
  if (network.address != *address) return invalid(fmt::format("has bits set beyond its length: '{}'", text));
  return network;
}

}  // namespace muster
