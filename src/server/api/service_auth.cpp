#include "server/api/service_auth.h"

#include <fmt/format.h>

#include "base/text.h"
#include "server/api/instance_directory.h"
#include "server/api/token_scope.h"
#include "wire/sas_token.h"

namespace muster::server {
namespace {

constexpr int kUnauthorized = 401002;
/// Tokens of SDKs have some hundred octets.
constexpr std::size_t kLongestKept = 1024;

std::unexpected<ApiError> unauthorized(std::string detail) {
  return refuse(401, kUnauthorized, "Unauthorized", std::move(detail));
}

bool covers(const std::vector<std::string_view>& granted, const ApiCall& call) {
  if (!covers_path(granted, call.target.segments)) return false;
  const std::string_view requested_host = without_port(call.request.header("Host").value_or(""));
  return equals_nocase(granted.front(), requested_host) ||
         equals_nocase(granted.front(), call.config->instance.service_host);
}

}  // namespace

std::expected<std::string, ApiError> ServiceAuth::authorize(const ApiCall& call, model::Right right) {
  const auto header = call.request.header("Authorization");
  if (!header) return unauthorized("no Authorization header");
  auto token = recall(call, *header);
  const bool proven = token != nullptr;
  if (!proven) {
    auto parsed = wire::parse_sas_token(*header);
    if (!parsed) return unauthorized(parsed.error().detail);
    token = std::make_shared<const wire::SasToken>(std::move(*parsed));
  }
  if (!covers(resource_segments(token->resource), call)) {
    return unauthorized(fmt::format("the token is for {}", token->resource));
  }
  if (wire::has_expired(*token, call.at, clock_tolerance_)) {
    return unauthorized(fmt::format("the token ended at {}", format_time(token->expiry)));
  }
  const model::SharedAccessPolicy* policy = call.config->find_policy(token->key_name);
  if (policy == nullptr) return unauthorized(fmt::format("no policy {}", token->key_name));
  if (!proven) {
    if (!wire::signed_by(*token, policy->primary_key) && !wire::signed_by(*token, policy->secondary_key)) {
      return unauthorized(fmt::format("the signature is by no key of policy {}", policy->name));
    }
    remember(call, *header, token);
  }
  if (!policy->rights.allows(right)) {
    return unauthorized(fmt::format("policy {} has only {}", policy->name, policy->rights.to_string()));
  }
  return policy->name;
}

std::shared_ptr<const wire::SasToken> ServiceAuth::recall(const ApiCall& call, std::string_view header) {
  const std::scoped_lock lock(mutex_);
  const Proven* found = proven_.find(header);
  if (found == nullptr || found->config.lock() != call.config) return nullptr;
  return found->token;
}

void ServiceAuth::remember(const ApiCall& call, std::string_view header, std::shared_ptr<const wire::SasToken> token) {
  if (header.size() > kLongestKept) return;
  const std::scoped_lock lock(mutex_);
  proven_.put(header, {call.config, std::move(token)});
}

}  // namespace muster::server
