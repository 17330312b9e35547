#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "model/instance.h"
#include "store/store.h"

namespace muster::server {

/// What the first instance is made of.
struct FirstInstanceOptions {
  std::string service_host;  ///< host name of its service API
  std::string local_hub;     ///< host name of the hub that is linked from the start
};

/// The oldest instance of the store; an empty store gets one: a fresh ID scope, the owner policy with fresh keys and
/// one linked local hub (design section 1).
Task<Result<std::shared_ptr<const model::InstanceConfig>>> ensure_first_instance(store::Store& store,
                                                                                 FirstInstanceOptions options,
                                                                                 const Clock& clock, Random& random);

/// Writes the owner policy's connection string to a file that only its owner can read, for the CLI and the SDKs.
/// Written at every start, so that it follows the keys, the host name and the port. Nothing is written when the policy
/// was deleted.
Result<void> write_owner_connection_string(const model::InstanceConfig& config, const std::string& host,
                                           std::uint16_t port, const std::filesystem::path& path);

/// The same for `iothubowner` of a hub that is served here (hub-api.md 1.2).
Result<void> write_hub_connection_string(const model::InstanceConfig& config, const std::string& hub,
                                         std::uint16_t port, const std::filesystem::path& path);

}  // namespace muster::server
