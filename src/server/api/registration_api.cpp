#include "server/api/registration_api.h"

#include <utility>

#include <boost/json/serialize.hpp>

#include "model/etag.h"
#include "server/api/paging.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::Registration;
using model::Right;

std::unexpected<ApiError> not_found() {
  return refuse(404, 404202, "Registration not found.");  // service-api.md 5
}

}  // namespace

std::vector<Route> RegistrationApi::routes() {
  return {
      {"GET", {"registrations", "{}"}, Right::kRegistrationStatusRead, [this](const ApiCall& c) { return get(c); }},
      {"DELETE",
       {"registrations", "{}"},
       Right::kRegistrationStatusWrite,
       [this](const ApiCall& c) { return remove(c); }},
      {"POST",
       {"registrations", "{}", "query"},
       Right::kRegistrationStatusRead,
       [this](const ApiCall& c) { return query_group(c); }},
  };
}

Task<ApiResult> RegistrationApi::get(const ApiCall& call) {
  auto record = co_await store_.find_registration(call.config->instance.id, call.arguments[0]);
  if (!record) co_return refuse(record.error());
  if (!*record) co_return not_found();
  co_return json_response(200, json::serialize(to_json(**record)));
}

Task<ApiResult> RegistrationApi::remove(const ApiCall& call) {
  auto check = [match = model::IfMatch::parse(call.request.header("If-Match"))](const Registration& current) {
    return match.check_delete(current.etag);
  };
  auto removed = co_await store_.remove_registration(call.config->instance.id, call.arguments[0], std::move(check));
  if (!removed && removed.error().code == ErrorCode::kNotFound) co_return not_found();
  if (!removed) co_return refuse(removed.error());
  co_return HttpResponse{204, {}, {}};
}

Task<ApiResult> RegistrationApi::query_group(const ApiCall& call) {
  auto page = read_page_request(call);
  if (!page) co_return refuse(page.error());
  auto listed =
      co_await store_.list_group_registrations(call.config->instance.id, call.arguments[0], page->after, page->limit);
  if (!listed) co_return refuse(listed.error());
  json::array items;
  for (const Registration& record : listed->items) items.push_back(to_json(record));
  co_return page_response(items, "DeviceRegistration", listed->next);
}

}  // namespace muster::server
