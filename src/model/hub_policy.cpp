#include "model/hub_policy.h"

#include <array>

#include "model/named_bits.h"

namespace muster::model {
namespace {

constexpr std::size_t kKeySize = 32;  // octets (hub-api.md 1.2)

constexpr std::array kNames{
    NamedValue<HubRight>{HubRight::kRegistryRead, "RegistryRead"},
    NamedValue<HubRight>{HubRight::kRegistryWrite, "RegistryWrite"},
    NamedValue<HubRight>{HubRight::kServiceConnect, "ServiceConnect"},
    NamedValue<HubRight>{HubRight::kDeviceConnect, "DeviceConnect"},
};

constexpr std::uint32_t bit(HubRight right) {
  return static_cast<std::uint32_t>(right);
}

}  // namespace

HubRights HubRights::of(std::initializer_list<HubRight> rights) {
  HubRights out;
  for (const HubRight right : rights) out.bits_ |= bit(right);
  return out;
}

Result<HubRights> HubRights::parse(std::string_view text) {
  const auto bits = parse_named_bits(kNames, text, "a right of a hub");
  if (!bits) return std::unexpected(bits.error());
  HubRights out;
  out.bits_ = *bits;
  return out;
}

std::string HubRights::to_string() const {
  return named_bits_to_string(kNames, bits_);
}

bool HubRights::allows(HubRight right) const {
  const std::uint32_t sources =
      right == HubRight::kRegistryRead ? bit(right) | bit(HubRight::kRegistryWrite) : bit(right);
  return (bits_ & sources) != 0;
}

std::vector<HubPolicy> make_hub_policies(Random& random) {
  const auto policy = [&random](std::string_view name, std::initializer_list<HubRight> rights) {
    return HubPolicy{.name = std::string(name),
                     .rights = HubRights::of(rights),
                     .primary_key = SecretBytes(random.bytes(kKeySize)),
                     .secondary_key = SecretBytes(random.bytes(kKeySize))};
  };
  using enum HubRight;
  std::vector<HubPolicy> out;
  out.reserve(5);
  out.push_back(policy("iothubowner", {kRegistryRead, kRegistryWrite, kServiceConnect, kDeviceConnect}));
  out.push_back(policy("service", {kServiceConnect}));
  out.push_back(policy("device", {kDeviceConnect}));
  out.push_back(policy("registryRead", {kRegistryRead}));
  out.push_back(policy("registryReadWrite", {kRegistryRead, kRegistryWrite}));
  return out;
}

}  // namespace muster::model
