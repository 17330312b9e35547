#include "server/api/revocation_api.h"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "model/json.h"
#include "server/api/enrollment_words.h"
#include "server/api/paging.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::EnrollmentKind;
using provisioning::Revocation;

constexpr std::size_t kMaxReason = 128;  // what a hub keeps of it (hub-api.md 1.3)

std::string_view to_text(Revocation::Device::Outcome outcome, bool revoke) {
  switch (outcome) {
    case Revocation::Device::Outcome::kDone:
      return revoke ? "disabled" : "enabled";
    case Revocation::Device::Outcome::kAbsent:
      return "absent";
    case Revocation::Device::Outcome::kUnlinked:
      return "unlinked";
    case Revocation::Device::Outcome::kFailed:
      return "failed";
  }
  return "failed";
}

json::object to_json(const Revocation::Device& device, bool revoke) {
  json::object out{{"registrationId", device.registration_id},
                   {"deviceId", device.device_id},
                   {"assignedHub", device.hub},
                   {"outcome", to_text(device.outcome, revoke)}};
  if (device.error) out["message"] = device.error->message;
  return out;
}

Result<std::string> read_reason(const std::string& text) {
  if (trim(text).empty()) return "";
  const auto body = model::parse_json_object(text);
  if (!body) return std::unexpected(body.error());
  const auto reason = model::optional_string(*body, "reason");
  if (!reason) return std::unexpected(reason.error());
  std::string out(reason->value_or(""));
  if (out.size() > kMaxReason) return invalid("reason has at most 128 octets.");
  return out;
}

}  // namespace

std::vector<Route> RevocationApi::routes() {
  std::vector<Route> out;
  for (const auto kind : {EnrollmentKind::kIndividual, EnrollmentKind::kGroup}) {
    for (const bool revoke : {true, false}) {
      out.push_back({"POST",
                     {std::string(enrollment_words(kind).collection), "{}", revoke ? "revoke" : "restore"},
                     model::Right::kEnrollmentWrite,
                     [this, kind, revoke](const ApiCall& call) { return apply(call, kind, revoke); }});
    }
  }
  return out;
}

Task<ApiResult> RevocationApi::apply(const ApiCall& call, EnrollmentKind kind, bool revoke) {
  auto reason = read_reason(call.request.body);
  if (!reason) co_return refuse(reason.error());
  auto page = read_page_request(call);
  if (!page) co_return refuse(page.error());
  auto report = co_await revocation_.apply(call.config->instance.id, {.kind = kind,
                                                                      .entry_id = call.arguments[0],
                                                                      .revoke = revoke,
                                                                      .reason = *std::move(reason),
                                                                      .after = std::move(page->after),
                                                                      .limit = page->limit});
  if (!report) co_return refuse_for(kind, report.error());
  json::array devices;
  for (const auto& device : report->devices) devices.push_back(to_json(device, revoke));
  HttpResponse response =
      json_response(200, json::serialize(json::object{{std::string(enrollment_words(kind).id_member), report->entry.id},
                                                      {"provisioningStatus", to_string(report->entry.status)},
                                                      {"etag", report->entry.etag},
                                                      {"devices", std::move(devices)}}));
  add_page_headers(response, "Revocation", report->next);
  co_return response;
}

}  // namespace muster::server
