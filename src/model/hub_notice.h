#pragma once

#include <cstdint>
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
  bool security = true;       ///< signs that an identity is in wrong hands; few of them

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

/// Who connects with the identity of a device.
struct HubVisitor {
  std::string address;      ///< of the peer
  std::string auth_method;  ///< JSON, as in iothub-connection-auth-method: how it proved to be the device
};

/// Two that have one identity and throw each other out: a device that was copied, or one that was set up twice. It may
/// also be one whose network fails again and again, which then has one address.
struct IdentityContest {
  HubVisitor connected;  ///< who stays
  TimePoint connected_since = {};
  HubVisitor refused;            ///< who came last
  std::uint64_t take_overs = 0;  ///< of the connection, from `began` on
  std::uint64_t refusals = 0;    ///< those who were told to come again, this one included
  TimePoint began = {};
};
HubEvent notice_of_contest(const std::string& hub, const std::string& device_id, const std::string& generation_id,
                           const IdentityContest& contest, TimePoint now);

}  // namespace muster::model
