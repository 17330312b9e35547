#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/hub_notice.h"
#include "store/sqlite/session.h"

namespace muster::store::sqlite {

/// Writes what happens to the devices of a hub into the hub's log, in the transaction in which it happens, so that
/// neither is there without the other (hub-api.md 6.1). The writer's thread only.
class HubNotices {
 public:
  /// The log of a hub.
  using Log = std::pair<InstanceId, std::string>;

  /// `clock` outlives this.
  HubNotices(const model::HubNoticeSettings& settings, const Clock& clock) : settings_(settings), clock_(clock) {}

  Result<void> changed(const Session& session, const InstanceId& instance, const model::HubDevice* before,
                       const model::HubDevice& after, model::TwinWrite how);
  Result<void> removed(const Session& session, const InstanceId& instance, const model::HubDevice& device);
  /// The logs that were written to since the last call.
  [[nodiscard]] std::vector<Log> take_written() { return std::exchange(written_, {}); }

 private:
  Result<void> write(const Session& session, const InstanceId& instance, const std::string& hub,
                     const std::vector<model::HubEvent>& events);

  const model::HubNoticeSettings settings_;
  const Clock& clock_;
  std::vector<Log> written_;
};

}  // namespace muster::store::sqlite
