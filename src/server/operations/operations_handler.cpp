#include "server/operations/operations_handler.h"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "server/api/api_call.h"

namespace muster::server {
namespace {

namespace json = boost::json;

constexpr int kOk = 200;
constexpr int kUnavailable = 503;

HttpResponse status_response(int status, const json::object& body) {
  HttpResponse response = json_response(status, json::serialize(body) + "\n");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

std::size_t OperationsHandler::body_limit(std::string_view /*method*/, std::string_view /*target*/) const {
  return 0;
}

Task<HttpResponse> OperationsHandler::handle(const HttpRequest& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  const bool known = path == "/metrics" || path == "/healthz" || path == "/readyz";
  if (!known) co_return refuse(404, "Here are /metrics, /healthz and /readyz.");
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = refuse(405, "Only GET and HEAD.");
    response.headers.emplace_back("Allow", "GET, HEAD");
    co_return response;
  }
  if (path == "/healthz") co_return health();
  if (path == "/readyz") co_return co_await readiness();
  co_return HttpResponse{kOk, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, parts_.metrics.render()};
}

HttpResponse OperationsHandler::refuse(int status, std::string_view reason) const {
  return status_response(status, {{"status", "refused"}, {"message", reason}});
}

HttpResponse OperationsHandler::health() const {
  const auto stuck = parts_.liveness.stuck(std::chrono::steady_clock::now());
  if (stuck.empty()) return status_response(kOk, {{"status", "ok"}});
  return status_response(kUnavailable,
                         {{"status", "failing"}, {"stuckThreads", json::array(stuck.begin(), stuck.end())}});
}

Task<HttpResponse> OperationsHandler::readiness() {
  json::array reasons;
  for (const Unready& reason : co_await parts_.readiness.reasons(std::chrono::steady_clock::now())) {
    reasons.push_back(json::object{{"code", reason.code}, {"message", reason.message}});
  }
  if (reasons.empty()) co_return status_response(kOk, {{"status", "ready"}});
  co_return status_response(kUnavailable, {{"status", "not-ready"}, {"reasons", std::move(reasons)}});
}

}  // namespace muster::server
