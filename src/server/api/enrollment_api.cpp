#include "server/api/enrollment_api.h"

#include <algorithm>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/enrollment_json.h"
#include "model/etag.h"
#include "model/ids.h"
#include "model/json.h"
#include "server/api/enrollment_bulk.h"
#include "server/api/enrollment_query.h"
#include "server/api/enrollment_words.h"
#include "server/api/paging.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::Enrollment;
using model::EnrollmentKind;
using model::EnrollmentView;
using model::Right;

model::IfMatch if_match(const ApiCall& call) {
  return model::IfMatch::parse(call.request.header("If-Match"));
}

}  // namespace

std::vector<Route> EnrollmentApi::routes() {
  std::vector<Route> out;
  for (const EnrollmentKind kind : {EnrollmentKind::kIndividual, EnrollmentKind::kGroup}) {
    const std::string collection(enrollment_words(kind).collection);
    out.push_back({"POST", {collection}, Right::kEnrollmentWrite, [this, kind](const ApiCall& call) {
                     return bulk(call, kind);
                   }});
    out.push_back({"POST", {collection, "query"}, Right::kEnrollmentRead, [this, kind](const ApiCall& call) {
                     return query(call, kind);
                   }});
    out.push_back({"POST",
                   {collection, "{}", "attestationmechanism"},
                   Right::kEnrollmentWrite,
                   [this, kind](const ApiCall& call) { return attestation_mechanism(call, kind); }});
    out.push_back({"GET", {collection, "{}"}, Right::kEnrollmentRead, [this, kind](const ApiCall& call) {
                     return get(call, kind);
                   }});
    out.push_back({"PUT", {collection, "{}"}, Right::kEnrollmentWrite, [this, kind](const ApiCall& call) {
                     return put(call, kind);
                   }});
    out.push_back({"DELETE", {collection, "{}"}, Right::kEnrollmentWrite, [this, kind](const ApiCall& call) {
                     return remove(call, kind);
                   }});
  }
  return out;
}

Task<std::expected<std::shared_ptr<const Enrollment>, ApiError>> EnrollmentApi::find(const ApiCall& call,
                                                                                     EnrollmentKind kind) {
  auto found = co_await store_.find_enrollment(call.config->instance.id, kind, call.arguments[0]);
  if (!found) co_return refuse_for(kind, found.error());
  if (!*found) co_return refuse_for(kind, Error{ErrorCode::kNotFound, {}, {}});
  co_return *std::move(found);
}

Task<ApiResult> EnrollmentApi::get(const ApiCall& call, EnrollmentKind kind) {
  auto enrollment = co_await find(call, kind);
  if (!enrollment) co_return std::unexpected(enrollment.error());
  std::shared_ptr<const model::Registration> record;
  if (kind == EnrollmentKind::kIndividual) {
    auto found = co_await store_.find_registration(call.config->instance.id, (*enrollment)->id);
    if (!found) co_return refuse(found.error());
    record = *std::move(found);
  }
  co_return json_response(200, texts_.text_of(*enrollment, record));
}

Task<ApiResult> EnrollmentApi::put(const ApiCall& call, EnrollmentKind kind) {
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse(body.error());
  auto stored = co_await writer_.put(call.config, kind, call.arguments[0], std::move(*body), if_match(call), call.at);
  if (!stored) co_return refuse_for(kind, stored.error());
  co_return json_response(200, json::serialize(to_json(*stored, EnrollmentView::kWithKeys)));
}

Task<ApiResult> EnrollmentApi::remove(const ApiCall& call, EnrollmentKind kind) {
  auto removed = co_await writer_.remove(call.config->instance.id, kind, call.arguments[0], if_match(call));
  if (!removed) co_return refuse_for(kind, removed.error());
  co_return HttpResponse{204, {}, {}};
}

Task<ApiResult> EnrollmentApi::attestation_mechanism(const ApiCall& call, EnrollmentKind kind) {
  auto enrollment = co_await find(call, kind);
  if (!enrollment) co_return std::unexpected(enrollment.error());
  co_return json_response(
      200, json::serialize(model::attestation_to_json((*enrollment)->attestation, EnrollmentView::kWithKeys)));
}

Task<ApiResult> EnrollmentApi::bulk(const ApiCall& call, EnrollmentKind kind) {
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse(body.error());
  auto request = read_bulk_request(*body, kind, bulk_items_);
  if (!request) co_return refuse(request.error());
  const json::object result = co_await run_bulk(std::move(*request), writer_, call.config, kind, call.at);
  co_return json_response(200, json::serialize(result));
}

Task<ApiResult> EnrollmentApi::query(const ApiCall& call, EnrollmentKind kind) {
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse(body.error());
  auto query = read_enrollment_query(*body, kind);
  if (!query) co_return refuse(query.error());
  auto page = read_page_request(call);
  if (!page) co_return refuse(page.error());
  auto found =
      co_await run_enrollment_query(store_, call.config->instance.id, kind, std::move(*query), std::move(*page));
  if (!found) co_return refuse(found.error());
  co_return page_response(found->items, enrollment_words(kind).item_type, found->next);
}

}  // namespace muster::server
