#include "server/api/api_handler.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "server/api/route_path.h"

namespace muster::server {
namespace {

/// Versions of the service API that clients use (service-api.md 2).
constexpr std::array<std::string_view, 9> kServiceVersions{"2017-11-15",         "2018-04-01", "2018-09-01-preview",
                                                           "2019-03-31",         "2021-10-01", "2021-11-01-preview",
                                                           "2025-07-01-preview", "2026-04-01", "2026-07-01-preview"};

bool is_management(const Route& route) {
  return route.path.front() == "subscriptions";
}

std::expected<void, ApiError> check_version(const Route& route, std::optional<std::string_view> version) {
  if (!version) return server::refuse(400, 400000, "The query parameter api-version is missing.");
  const bool known = is_management(route) ? wire::is_plausible_api_version(*version)
                                          : std::ranges::find(kServiceVersions, *version) != kServiceVersions.end();
  if (known) return {};
  return server::refuse(400, 400000, "The query parameter api-version is not a version of this API.");
}

void log_refusal(const ApiCall& call, const ApiError& error) {
  // The query may hold what users put there by mistake, so only the path is logged.
  const std::string path = call.request.target.substr(0, call.request.target.find('?'));
  log(refusal_level(error), "request.refused",
      {{"trackingId", call.tracking_id},
       {"method", call.request.method},
       {"path", path},
       {"status", std::to_string(error.status)},
       {"code", std::to_string(error.code)},
       {"peer", call.request.peer_address},
       {"message", error.message},
       {"detail", error.detail}});
}

/// For a request that no route is for; `allowed`: the methods that its path has.
Task<ApiResult> refuse_route(const ApiCall& call, std::string allowed) {
  if (allowed.empty()) co_return server::refuse(404, 404000, "There is nothing at this path.");
  HttpResponse response = error_response({405, 405000, "The method is not allowed here."}, call.tracking_id, call.at);
  response.headers.emplace_back("Allow", std::move(allowed));
  co_return response;
}

/// Code of the error body for what is refused before it is a request.
int code_for(int status) {
  return status == 401 ? 401002 : status == 429 || status == 503 ? status * 1000 + 1 : status * 1000;
}

}  // namespace

ApiHandler::ApiHandler(Parts parts, std::vector<Route> routes)
    : parts_(std::move(parts)),
      auth_(parts_.sas_tolerance),
      operations_(parts_.limits.operations, Waiting::kInTurn, parts_.clock),
      routes_(std::move(routes)) {
  for (const Route& route : routes_) infos_.push_back(describe(route, infos_.size()));
  infos_.push_back(describe_no_route(routes_.size()));
}

std::size_t ApiHandler::body_limit(std::string_view /*method*/, std::string_view target) const {
  return is_device_target(target) ? parts_.limits.message_bytes : kServiceBodyLimit;
}

HttpResponse ApiHandler::refuse(int status, std::string_view reason) const {
  for (OperationObserver* observer : parts_.observers) observer->malformed(code_for(status));
  const TimePoint now = parts_.clock.now();
  const std::string tracking_id = make_time_ordered_guid(parts_.random, now);
  HttpResponse response = error_response({status, code_for(status), std::string(reason)}, tracking_id, now);
  response.headers.emplace_back("x-ms-request-id", tracking_id);
  response.close = true;
  return response;
}

Task<HttpResponse> ApiHandler::handle(const HttpRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const TimePoint at = parts_.clock.now();
  HttpResponse response;
  auto target = wire::parse_request_target(request.target);
  const wire::RequestTarget empty;
  ApiCall call{request,       target ? *target : empty, {}, make_time_ordered_guid(parts_.random, at), at, nullptr,
               &infos_.back()};
  ApiResult result = target ? co_await dispatch(call) : ApiResult(std::unexpected(to_api_error(target.error())));
  if (result) {
    response = std::move(*result);
  } else {
    log_refusal(call, result.error());
    response = error_response(result.error(), call.tracking_id, at);
  }
  const OperationInfo& info = *call.operation;
  const FinishedOperation finished{.operation = info,
                                   .tracking_id = call.tracking_id,
                                   .at = at,
                                   .peer_address = request.peer_address,
                                   .api_version = call.target.parameter("api-version").value_or(""),
                                   .id_scope = info.api == Api::kDevice ? std::string_view(call.arguments.front()) : "",
                                   .instance_name = call.config ? std::string_view(call.config->instance.name) : "",
                                   .subject = info.subject && *info.subject < call.arguments.size()
                                                  ? std::string_view(call.arguments[*info.subject])
                                                  : "",
                                   .policy = call.policy,
                                   .path = std::string_view(request.target).substr(0, request.target.find('?')),
                                   .status = response.status,
                                   .refusal = result ? nullptr : &result.error(),
                                   .took = std::chrono::steady_clock::now() - begin};
  for (OperationObserver* observer : parts_.observers) observer->finished(finished);
  response.headers.emplace_back("x-ms-request-id", std::move(call.tracking_id));
  co_return response;
}

Task<ApiResult> ApiHandler::dispatch(ApiCall& call) {
  std::string allowed;
  for (const Route& route : routes_) {
    auto arguments = match_path(route.path, call.target.segments, equals_nocase);
    if (!arguments) continue;
    if (route.method != call.request.method) {
      allowed += (allowed.empty() ? "" : ", ") + route.method;
      continue;
    }
    call.arguments = std::move(*arguments);
    call.operation = &infos_[static_cast<std::size_t>(&route - routes_.data())];
    return route.right ? serve_operator(route, call) : route.handle(call);
  }
  return refuse_route(call, std::move(allowed));
}

Task<ApiResult> ApiHandler::serve_operator(const Route& route, ApiCall& call) {
  auto config = co_await parts_.store.config(parts_.instances.by_host(call.request.header("Host").value_or("")));
  if (!config) co_return server::refuse(config.error());
  call.config = std::move(*config);
  auto policy = auth_.authorize(call, *route.right);
  if (!policy) co_return std::unexpected(policy.error());
  call.policy = std::move(*policy);
  if (auto version = check_version(route, call.target.parameter("api-version")); !version) {
    co_return std::unexpected(version.error());
  }
  if (!is_management(route)) {  // an operator can always see and change what throttles him
    if (const auto throttle = operations_.admit(call.config->instance.id)) {
      co_return std::unexpected(throttled(*throttle));
    }
  }
  ApiResult result = co_await route.handle(call);
  const bool reads = *route.right == model::Right::kEnrollmentRead ||
                     *route.right == model::Right::kRegistrationStatusRead || call.request.method == "GET";
  if (result && !reads) {
    log_info("service.request", {{"trackingId", call.tracking_id},
                                 {"policy", call.policy},
                                 {"method", call.request.method},
                                 {"path", call.request.target.substr(0, call.request.target.find('?'))},
                                 {"status", std::to_string(result->status)},
                                 {"peer", call.request.peer_address}});
  }
  co_return result;
}

}  // namespace muster::server
