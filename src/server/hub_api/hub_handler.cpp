#include "server/hub_api/hub_handler.h"

#include <utility>

#include "base/log.h"
#include "server/api/route_path.h"
#include "server/hub_api/hub_auth.h"

namespace muster::server {
namespace {

/// With case, as clients write them (hub-api.md 1).
bool same_word(std::string_view pattern, std::string_view segment) {
  return pattern == segment;
}

void log_refusal(const HubCall& call, const HubError& error) {
  // The query may hold what users put there by mistake, so only the path is logged.
  log(error.status >= 500 ? LogLevel::kError : LogLevel::kInfo, "hub.refused",
      {{"trackingId", call.tracking_id},
       {"hub", call.hub.host},
       {"method", call.request.method},
       {"path", call.request.target.substr(0, call.request.target.find('?'))},
       {"status", std::to_string(error.status)},
       {"code", error.name},
       {"peer", call.request.peer_address},
       {"message", error.message},
       {"detail", error.detail}});
}

}  // namespace

Task<HttpResponse> HubHandler::handle(const HttpRequest& request) {
  return is_device_target(request.target) ? parts_.others.handle(request) : handle_by_host(request);
}

Task<HttpResponse> HubHandler::handle_by_host(const HttpRequest& request) {
  auto found =
      co_await find_local_hub(parts_.instances, parts_.store, without_port(request.header("Host").value_or("")));
  if (!found) co_return co_await parts_.others.handle(request);
  co_return co_await serve(*std::move(found), request);
}

Task<HttpResponse> HubHandler::serve(LocalHubEntry found, const HttpRequest& request) const {
  const TimePoint at = parts_.clock.now();
  auto target = wire::parse_request_target(request.target);
  const wire::RequestTarget empty;
  HubCall call{.request = request,
               .target = target ? *target : empty,
               .arguments = {},
               .tracking_id = make_time_ordered_guid(parts_.random, at),
               .at = at,
               .hub = std::move(found.name),
               .config = std::move(found.config)};
  HubResult result = target ? co_await dispatch(call) : HubResult(refuse_hub(target.error()));
  HttpResponse response;
  if (result) {
    response = *std::move(result);
  } else {
    log_refusal(call, result.error());
    response = hub_error_response(result.error(), call.tracking_id, at);
  }
  response.headers.emplace_back("x-ms-request-id", call.tracking_id);
  co_return response;
}

Task<HubResult> HubHandler::dispatch(HubCall& call) const {
  bool known_path = false;
  for (const HubRoute& route : routes_) {
    auto arguments = match_path(route.path, call.target.segments, same_word);
    if (!arguments) continue;
    known_path = true;
    if (route.method != call.request.method) continue;
    call.arguments = *std::move(arguments);
    auto policy = authorize_hub_call(call, route.rights, parts_.sas_tolerance);
    if (!policy) co_return std::unexpected(policy.error());
    call.policy = *std::move(policy);
    const auto version = call.target.parameter("api-version");
    if (!version || !wire::is_plausible_api_version(*version)) {
      co_return refuse_hub({ErrorCode::kInvalidArgument, "The query parameter api-version must be a date.", {}});
    }
    HubResult result = co_await route.handle(call);
    if (result && call.request.method != "GET") {
      log_info("hub.request", {{"trackingId", call.tracking_id},
                               {"hub", call.hub.host},
                               {"policy", call.policy},
                               {"method", call.request.method},
                               {"path", call.request.target.substr(0, call.request.target.find('?'))},
                               {"status", std::to_string(result->status)},
                               {"peer", call.request.peer_address}});
    }
    co_return result;
  }
  if (known_path) {
    co_return std::unexpected(HubError{405, 405000, "MethodNotAllowed", "The method is not allowed here."});
  }
  co_return std::unexpected(HubError{404, 404000, "NotFound", "There is nothing at this path."});
}

}  // namespace muster::server
