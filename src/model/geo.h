#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ip_network.h"
#include "base/result.h"
#include "model/instance.h"

namespace muster::model {

/// Where networks are and how far regions and hubs are from each other, as the operator says. Regions are words
/// of the operator's choice; that of a linked hub is its location. Names are compared without case.
class GeoTable {
 public:
  /// "10.1.0.0/16=eu-west".
  Result<void> add_network(std::string_view text);
  /// "eu-west=us-east:90" or "eu-west=hub.example.net:12": milliseconds from a region to a region or to one hub.
  Result<void> add_latency(std::string_view text);
  /// Where this service itself is, so that what it measures of a hub counts for the devices around it.
  void set_own_region(std::string_view region);

  /// Of the smallest network around the address; empty: of no network.
  [[nodiscard]] std::string region_of(std::string_view address) const;

  /// What a hub costs a device, and how that is known.
  struct Cost {
    std::chrono::milliseconds latency{0};
    std::string_view source;  ///< "configured", "region", "same region", "measured"
  };
  /// What is configured for the hub itself, then for its region; a hub in the same region costs nothing; then what the
  /// service measured, in coarse steps so that devices do not move for the noise in it. nullopt: not known.
  [[nodiscard]] std::optional<Cost> cost(std::string_view region, const LinkedHub& hub,
                                         std::optional<std::chrono::milliseconds> measured) const;

 private:
  [[nodiscard]] std::optional<std::chrono::milliseconds> find(std::string_view from, std::string_view to) const;

  IpNetworkMap<std::string> networks_;
  std::map<std::pair<std::string, std::string>, std::chrono::milliseconds>
      latencies_;  ///< by region, and region or hub
  std::string own_region_;
};

}  // namespace muster::model
