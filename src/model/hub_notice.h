#pragma once

#include <string>
#include <vector>

#include "model/hub_device.h"
#include "model/hub_event.h"

namespace muster::model {

// Events of a hub that no device sent: what happens to devices, with the names and properties that Azure's hubs give
// them (hub-api.md 6.1).

/// Which of them are told.
struct HubNoticeSettings {
  bool lifecycle = true;      ///< devices that are made and removed
  bool twin_changes = false;  ///< by their owner and by themselves
  bool connections = false;   ///< devices that come and go

  bool operator==(const HubNoticeSettings&) const = default;
};

/// How a twin came to be what it is now.
enum class TwinWrite { kMerge, kReplace };

/// What is to be told of a device that was stored; `before` is null for a new one. The body of a change is what a merge
/// would need to make the one twin of the other, with the versions; of a replacement, and of a new device, all of it.
std::vector<HubEvent> notices_of_change(const HubNoticeSettings& settings, const HubDevice* before,
                                        const HubDevice& after, TwinWrite how, TimePoint now);
std::vector<HubEvent> notices_of_removal(const HubNoticeSettings& settings, const HubDevice& device, TimePoint now);

/// A device that came, or went. `visit` grows with each connection.
HubEvent notice_of_connection(const std::string& hub, const std::string& device_id, const std::string& generation_id,
                              bool connected, std::uint64_t visit, TimePoint now);

}  // namespace muster::model
