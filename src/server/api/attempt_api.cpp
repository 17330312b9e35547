#include "server/api/attempt_api.h"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "model/json.h"
#include "provisioning/dry_run.h"
#include "server/api/attempt_json.h"
#include "server/api/paging.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::Right;
using provisioning::DeviceRequest;

/// Hexadecimal digits of a thumbprint as the store has them; tools write them with colons or in lower case.
std::string thumbprint_key(std::string_view text) {
  std::string out;
  for (char c : to_upper(text)) {
    if (c != ':') out.push_back(c);
  }
  return out;
}

Result<store::AttemptFilter> read_filter(const ApiCall& call) {
  store::AttemptFilter filter;
  filter.registration_id = call.target.parameter("registrationId").value_or("");
  filter.thumbprint = thumbprint_key(call.target.parameter("thumbprint").value_or(""));
  const std::string_view outcome = call.target.parameter("outcome").value_or("any");
  filter.failed_only = equals_nocase(outcome, "failed");
  if (!filter.failed_only && !equals_nocase(outcome, "any")) return invalid("outcome must be any or failed.");
  return filter;
}

Result<provisioning::Evidence> read_evidence(const json::object& body) {
  const auto token = model::optional_string(body, "token");
  if (!token) return std::unexpected(token.error());
  const auto chain = model::optional_string(body, "certificates");
  if (!chain) return std::unexpected(chain.error());
  if (*token && *chain) return invalid("Give token or certificates, not both.");
  if (*token) return provisioning::SasEvidence{std::string(**token)};
  if (!*chain) return provisioning::NoEvidence{};
  auto certificates = crypto::Certificate::chain_from_pem(**chain);
  if (!certificates) return std::unexpected(certificates.error());
  crypto::Certificate leaf = certificates->front();
  certificates->erase(certificates->begin());
  return provisioning::CertificateEvidence{std::move(leaf), std::move(*certificates)};
}

Result<DeviceRequest> read_dry_run(const ApiCall& call) {
  const auto body = model::parse_json_object(call.request.body);
  if (!body) return std::unexpected(body.error());
  const auto id = model::optional_string(*body, "registrationId");
  if (!id) return std::unexpected(id.error());
  const auto peer = model::optional_string(*body, "callerIpAddress");
  if (!peer) return std::unexpected(peer.error());
  auto evidence = read_evidence(*body);
  if (!evidence) return std::unexpected(evidence.error());
  DeviceRequest request;
  request.config = call.config;
  request.registration_id = id->value_or("");
  request.evidence = std::move(*evidence);
  request.transport = "http";
  request.peer_address = peer->value_or("");
  request.tracking_id = call.tracking_id;
  request.at = call.at;
  return request;
}

}  // namespace

std::vector<Route> AttemptApi::routes() {
  return {
      {"GET", {"attempts"}, Right::kRegistrationStatusRead, [this](const ApiCall& call) { return list(call); }},
      {"GET", {"attempts", "{}"}, Right::kRegistrationStatusRead, [this](const ApiCall& call) { return get(call); }},
      // It tells whose key made a token, so it takes more than looking at records.
      {"POST", {"attempts", "dryRun"}, Right::kEnrollmentRead, [this](const ApiCall& call) { return dry_run(call); }},
  };
}

Task<ApiResult> AttemptApi::list(const ApiCall& call) {
  auto filter = read_filter(call);
  if (!filter) co_return refuse(filter.error());
  auto page = read_page_request(call);
  if (!page) co_return refuse(page.error());
  auto listed = co_await store_.list_attempts(call.config->instance.id, std::move(*filter), page->after, page->limit);
  if (!listed) co_return refuse(listed.error());
  json::array items;
  for (const model::Attempt& attempt : listed->items) items.push_back(to_json(attempt));
  co_return page_response(items, "Attempt", listed->next);
}

Task<ApiResult> AttemptApi::get(const ApiCall& call) {
  auto attempt = co_await store_.find_attempt(call.config->instance.id, call.arguments[0]);
  if (!attempt) co_return refuse(attempt.error());
  if (!*attempt) co_return refuse(404, 404000, "No attempt with this tracking id is kept.");
  co_return json_response(200, json::serialize(to_json(**attempt)));
}

Task<ApiResult> AttemptApi::dry_run(const ApiCall& call) {
  auto request = read_dry_run(call);
  if (!request) co_return refuse(request.error());
  auto attempt = co_await provisioning::dry_run(std::move(*request), settings_, store_, geo_);
  if (!attempt) co_return refuse(attempt.error());
  co_return json_response(200, json::serialize(to_json(*attempt)));
}

}  // namespace muster::server
