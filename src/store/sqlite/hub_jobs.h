#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/session.h"
#include "store/store.h"

namespace muster::store::sqlite {

// The jobs of the local hubs and what became of their devices. Hub names are compared without case, ids of jobs and
// devices with case. Errors as in Store.

Result<void> create_hub_job(const Session& session, const HubJobKey& key, const model::HubJob& job,
                            std::size_t most_open);
Result<std::optional<model::HubJob>> find_hub_job(const Session& session, const HubJobKey& key);
Result<model::HubJob> change_hub_job(const Session& session, const HubJobKey& key, Change<model::HubJob>& change,
                                     const std::vector<model::DeviceJob>& devices);
Result<Page<model::HubJob>> list_hub_jobs(const Session& session, const InstanceId& instance, const std::string& hub,
                                          const std::string& after, std::size_t limit);
Result<std::vector<HubJobKey>> open_hub_jobs(const Session& session);

Result<void> put_device_jobs(const Session& session, const InstanceId& instance, const std::string& hub,
                             const std::vector<model::DeviceJob>& devices);
Result<std::vector<model::DeviceJob>> find_device_jobs(const Session& session, const HubJobKey& key,
                                                       model::DeviceJobStatus status, std::size_t limit);
Result<Page<model::DeviceJob>> list_device_jobs(const Session& session, const HubJobKey& key, const std::string& after,
                                                std::size_t limit);
Result<model::DeviceJobCount> count_device_jobs(const Session& session, const HubJobKey& key);

/// Devices of jobs that are to go; at most `limit`.
Result<std::size_t> purge_device_jobs(const Session& session, TimePoint before, std::size_t limit);
/// The jobs themselves, once they have no devices.
Result<std::size_t> purge_hub_jobs(const Session& session, TimePoint before);

}  // namespace muster::store::sqlite
