#include "server/api/enrollment_api.h"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/enrollment_json.h"
#include "model/etag.h"
#include "model/ids.h"
#include "model/json.h"
#include "server/api/paging.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::Enrollment;
using model::EnrollmentKind;
using model::EnrollmentView;
using model::Right;

/// What the two collections call themselves (service-api.md 7.1).
struct Words {
  std::string_view collection;
  std::string_view id_member;
  std::string_view item_type;
  std::string_view exists;
  std::string_view missing;
  int exists_code;
  int missing_code;
};

const Words& words(EnrollmentKind kind) {
  static constexpr Words kIndividual{
      "enrollments",           "registrationId", "Enrollment", "Enrollment already exists.",
      "Enrollment not found.", 409201,           404201};
  static constexpr Words kGroup{"enrollmentGroups",
                                "enrollmentGroupId",
                                "EnrollmentGroup",
                                "EnrollmentGroup already exists.",
                                "EnrollmentGroup not found.",
                                409202,
                                404204};
  return kind == EnrollmentKind::kIndividual ? kIndividual : kGroup;
}

std::unexpected<ApiError> refuse_for(EnrollmentKind kind, const Error& error) {
  ApiError mapped = to_api_error(error);
  if (error.code == ErrorCode::kConflict) mapped.code = words(kind).exists_code;
  if (error.code == ErrorCode::kNotFound) {
    mapped.code = words(kind).missing_code;
    mapped.message = words(kind).missing;
  }
  return std::unexpected(std::move(mapped));
}

/// Hubs that an entry names must be linked (service-api.md 3.1). One that was unlinked since the entry was written may
/// stay, or nobody could change the entry any more.
Result<void> check_hubs_linked(const Enrollment& next, const Enrollment* current, const model::InstanceConfig& config) {
  const auto names = [](const Enrollment& enrollment) {
    std::vector<std::string> out = enrollment.iot_hubs.value_or(std::vector<std::string>());
    if (!enrollment.iot_hub_host_name.empty()) out.push_back(enrollment.iot_hub_host_name);
    return out;
  };
  const auto known = current != nullptr ? names(*current) : std::vector<std::string>();
  for (const std::string& name : names(next)) {
    const bool kept = std::ranges::any_of(known, [&](const std::string& k) { return equals_nocase(k, name); });
    if (!kept && config.find_hub(name) == nullptr) {
      return invalid(fmt::format("iotHubs: {} is not linked to this provisioning service.", name));
    }
  }
  return {};
}

model::IfMatch if_match(const ApiCall& call) {
  return model::IfMatch::parse(call.request.header("If-Match"));
}

}  // namespace

std::vector<Route> EnrollmentApi::routes() {
  std::vector<Route> out;
  for (const EnrollmentKind kind : {EnrollmentKind::kIndividual, EnrollmentKind::kGroup}) {
    const std::string collection(words(kind).collection);
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

Task<std::expected<Enrollment, ApiError>> EnrollmentApi::find(const ApiCall& call, EnrollmentKind kind) {
  auto found = co_await store_.find_enrollment(call.config->instance.id, kind, call.arguments[0]);
  if (!found) co_return refuse_for(kind, found.error());
  if (!*found) co_return refuse_for(kind, Error{ErrorCode::kNotFound, {}, {}});
  co_return std::move(**found);
}

Task<ApiResult> EnrollmentApi::get(const ApiCall& call, EnrollmentKind kind) {
  auto enrollment = co_await find(call, kind);
  if (!enrollment) co_return std::unexpected(enrollment.error());
  json::object body = to_json(*enrollment, EnrollmentView::kPublic);
  if (kind == EnrollmentKind::kIndividual) {
    auto record = co_await store_.find_registration(call.config->instance.id, enrollment->id);
    if (!record) co_return refuse(record.error());
    model::Registration unassigned;
    unassigned.registration_id = enrollment->id;
    body["registrationState"] = to_json(*record ? **record : unassigned);
  }
  co_return json_response(200, json::serialize(body));
}

Task<ApiResult> EnrollmentApi::put(const ApiCall& call, EnrollmentKind kind) {
  const std::string& id = call.arguments[0];
  if (auto valid = model::check_enrollment_id(id, words(kind).id_member); !valid) co_return refuse(valid.error());
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse(body.error());

  auto change = [this, kind, id, body = std::move(*body), match = if_match(call), at = call.at,
                 config = call.config](const Enrollment* current) -> Result<Enrollment> {
    if (match.is_absent() && current != nullptr) {
      return fail(ErrorCode::kConflict, std::string(words(kind).exists));
    }
    const std::string* etag = current != nullptr ? &current->etag : nullptr;
    if (auto matched = match.check_put(etag); !matched) return std::unexpected(matched.error());
    auto next = model::apply_put(kind, id, body, current, at, random_);
    if (!next) return next;
    if (auto linked = check_hubs_linked(*next, current, *config); !linked) return std::unexpected(linked.error());
    return next;
  };
  auto stored = co_await store_.change_enrollment(call.config->instance.id, kind, id, std::move(change));
  if (!stored) co_return refuse_for(kind, stored.error());
  co_return json_response(200, json::serialize(to_json(*stored, EnrollmentView::kWithKeys)));
}

Task<ApiResult> EnrollmentApi::remove(const ApiCall& call, EnrollmentKind kind) {
  auto check = [match = if_match(call)](const Enrollment& current) { return match.check_delete(current.etag); };
  auto removed = co_await store_.remove_enrollment(call.config->instance.id, kind, call.arguments[0], std::move(check));
  if (!removed) co_return refuse_for(kind, removed.error());
  co_return HttpResponse{204, {}, {}};
}

Task<ApiResult> EnrollmentApi::attestation_mechanism(const ApiCall& call, EnrollmentKind kind) {
  auto enrollment = co_await find(call, kind);
  if (!enrollment) co_return std::unexpected(enrollment.error());
  co_return json_response(
      200, json::serialize(model::attestation_to_json(enrollment->attestation, EnrollmentView::kWithKeys)));
}

Task<ApiResult> EnrollmentApi::query(const ApiCall& call, EnrollmentKind kind) {
  auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse(body.error());
  if (auto all = check_selects_all(*body); !all) co_return refuse(all.error());
  auto page = read_page_request(call);
  if (!page) co_return refuse(page.error());

  auto listed = co_await store_.list_enrollments(call.config->instance.id, kind, page->after, page->limit);
  if (!listed) co_return refuse(listed.error());
  json::array items;
  for (const Enrollment& enrollment : listed->items) items.push_back(to_json(enrollment, EnrollmentView::kPublic));
  co_return page_response(items, words(kind).item_type, listed->next);
}

}  // namespace muster::server
