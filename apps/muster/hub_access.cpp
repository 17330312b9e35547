#include "muster/hub_access.h"

#include <utility>

#include "base/bytes.h"
#include "model/json.h"
#include "muster/connect_management.h"

namespace muster::cli {
namespace {

constexpr std::string_view kHubOwner = "iothubowner";  // hub-api.md 1.2

Result<SecretBytes> owner_key(const Program& program, const ConnectionOptions& options, const std::string& hub) {
  const auto management = connect_management(program, options, hub);
  if (!management) return std::unexpected(management.error());
  const auto policy = management->policy(kHubOwner);
  if (!policy) return std::unexpected(policy.error());
  const auto text = model::required_string(*policy, "primaryKey");
  auto key = text ? from_base64(*text) : std::nullopt;
  if (!key) return fail(ErrorCode::kInternal, "The management API sent a policy without a key.");
  return SecretBytes(*std::move(key));
}

}  // namespace

std::string hub_behind(std::string_view service, std::string_view hub) {
  return std::string(hub) + std::string(service.substr(without_port(service).size()));
}

Result<HubClient> connect_hub(const Program& program, const ConnectionOptions& options, const std::string& hub) {
  auto access = find_service(options, program.environment);
  if (!access) return std::unexpected(access.error());
  if (!hub.empty()) {
    auto key = owner_key(program, options, hub);
    if (!key) return std::unexpected(key.error());
    const std::string service =
        std::exchange(access->connection.host_name, hub_behind(access->connection.host_name, hub));
    access->connection.key_name = kHubOwner;
    access->connection.key = *std::move(key);
    if (access->http.connect_to.empty()) access->http.connect_to = service;
  }
  return HubClient(std::move(access->connection), program.make_send(access->http), program.clock);
}

}  // namespace muster::cli
