#include "model/geo.h"

#include <charconv>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::model {
namespace {

constexpr int kLongestLatency = 60'000;  // milliseconds
constexpr std::chrono::milliseconds kMeasuredStep{25};

/// The texts around the first `mark`; nullopt: one of them is missing.
std::optional<std::pair<std::string_view, std::string_view>> split(std::string_view text, char mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::pair out(trim(text.substr(0, at)), trim(text.substr(at + 1)));
  if (out.first.empty() || out.second.empty()) return std::nullopt;
  return out;
}

}  // namespace

Result<void> GeoTable::add_network(std::string_view text) {
  const auto parts = split(text, '=');
  if (!parts) return invalid(fmt::format("'{}' is not NETWORK=REGION", text));
  const auto network = parse_ip_network(parts->first);
  if (!network) return std::unexpected(network.error());
  if (!networks_.add(*network, to_lower(parts->second))) {
    return invalid(fmt::format("names a network twice: '{}'", parts->first));
  }
  return {};
}

Result<void> GeoTable::add_latency(std::string_view text) {
  const auto parts = split(text, '=');
  const auto to = parts ? split(parts->second, ':') : std::nullopt;
  int latency = 0;
  if (to) {
    const auto read = std::from_chars(to->second.data(), to->second.data() + to->second.size(), latency);
    if (read.ec != std::errc() || read.ptr != to->second.data() + to->second.size()) latency = -1;
  }
  if (!to || latency < 0 || latency > kLongestLatency) {
    return invalid(fmt::format("'{}' is not REGION=REGION_OR_HUB:MILLISECONDS", text));
  }
  const auto added = latencies_.emplace(std::pair(to_lower(parts->first), to_lower(to->first)), latency);
  if (!added.second) return invalid(fmt::format("names a way twice: '{}'", text));
  return {};
}

void GeoTable::set_own_region(std::string_view region) {
  own_region_ = to_lower(region);
}

std::string GeoTable::region_of(std::string_view address) const {
  const auto parsed = parse_ip_address(address);
  const std::string* region = parsed ? networks_.find(*parsed) : nullptr;
  return region == nullptr ? std::string() : *region;
}

std::optional<std::chrono::milliseconds> GeoTable::find(std::string_view from, std::string_view to) const {
  const auto found = latencies_.find({to_lower(from), to_lower(to)});
  return found == latencies_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<GeoTable::Cost> GeoTable::cost(std::string_view region, const LinkedHub& hub,
                                             std::optional<std::chrono::milliseconds> measured) const {
  if (const auto known = find(region, hub.host_name)) return Cost{*known, "configured"};
  if (const auto known = find(region, hub.location)) return Cost{*known, "region"};
  if (equals_nocase(region, hub.location)) return Cost{std::chrono::milliseconds(0), "same region"};
  if (measured && equals_nocase(region, own_region_)) {
    return Cost{(*measured / kMeasuredStep + 1) * kMeasuredStep, "measured"};
  }
  return std::nullopt;
}

}  // namespace muster::model
