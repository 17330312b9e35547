#include "server/hub_api/hub_auth.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "hub/policies.h"
#include "server/api/token_scope.h"
#include "wire/sas_token.h"

namespace muster::server {
namespace {

std::unexpected<HubError> unauthorized(std::string detail) {
  return std::unexpected(HubError{401, 401002, "IotHubUnauthorizedAccess", "Unauthorized", std::move(detail)});
}

}  // namespace

std::expected<std::string, HubError> authorize_hub_call(const HubCall& call, const std::vector<model::HubRight>& rights,
                                                        std::chrono::seconds clock_tolerance) {
  const auto header = call.request.header("Authorization");
  if (!header) return unauthorized("no Authorization header");
  const auto token = wire::parse_sas_token(*header);
  if (!token) return unauthorized(token.error().detail);
  const auto granted = resource_segments(token->resource);
  if (!covers_path(granted, call.target.segments) || !equals_nocase(granted.front(), call.hub.host)) {
    return unauthorized(fmt::format("the token is for {}", token->resource));
  }
  if (wire::has_expired(*token, call.at, clock_tolerance)) {
    return unauthorized(fmt::format("the token ended at {}", format_time(token->expiry)));
  }
  const model::HubPolicy* policy = hub::find_policy(*call.config, call.hub.host, token->key_name);
  if (policy == nullptr) return unauthorized(fmt::format("no policy {}", token->key_name));
  if (!wire::signed_by(*token, policy->primary_key) && !wire::signed_by(*token, policy->secondary_key)) {
    return unauthorized(fmt::format("the signature is by no key of policy {}", policy->name));
  }
  if (std::ranges::none_of(rights, [&](model::HubRight right) { return policy->rights.allows(right); })) {
    return unauthorized(fmt::format("policy {} has only {}", policy->name, policy->rights.to_string()));
  }
  return policy->name;
}

}  // namespace muster::server
