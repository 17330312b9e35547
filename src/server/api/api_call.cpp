#include "server/api/api_call.h"

namespace muster::server {
namespace {

constexpr std::size_t kUsualHeaders = 4;

}  // namespace

HttpResponse json_response(int status, std::string body) {
  HttpResponse response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.reserve(kUsualHeaders);
  response.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  return response;
}

HttpResponse error_response(const ApiError& error, const std::string& tracking_id, TimePoint at) {
  HttpResponse response = json_response(error.status, error_body(error, tracking_id, at));
  response.headers.emplace_back("x-ms-error-code", std::to_string(error.code));
  if (error.retry_after) response.headers.emplace_back("Retry-After", std::to_string(error.retry_after->count()));
  return response;
}

}  // namespace muster::server
