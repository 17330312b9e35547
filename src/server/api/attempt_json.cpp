#include "server/api/attempt_json.h"

#include <boost/json/array.hpp>

#include "provisioning/cause.h"

namespace muster::server {
namespace {

using boost::json::array;
using boost::json::object;

object finding_json(const model::Finding& finding) {
  object out{{"cause", finding.cause}};
  if (const auto* text = provisioning::find_cause(finding.cause)) {
    out["summary"] = text->summary;
    out["advice"] = text->advice;
  }
  if (!finding.facts.empty()) out["facts"] = finding.facts;
  return out;
}

array findings_json(const std::vector<model::Finding>& findings) {
  array out;
  for (const model::Finding& finding : findings) out.emplace_back(finding_json(finding));
  return out;
}

void put_unless_empty(object& out, std::string_view member, const std::string& text) {
  if (!text.empty()) out[member] = text;
}

}  // namespace

array to_json(const std::vector<model::Check>& checks) {
  array out;
  for (const model::Check& check : checks) {
    object row{{"check", check.what}, {"passed", check.passed}};
    if (!check.facts.empty()) row["facts"] = check.facts;
    out.emplace_back(std::move(row));
  }
  return out;
}

object to_json(const model::Attempt& attempt) {
  object out{{"trackingId", attempt.tracking_id},
             {"timestampUtc", format_time(attempt.at)},
             {"call", attempt.call},
             {"registrationId", attempt.registration_id},
             {"outcome", to_string(attempt.outcome)}};
  if (!attempt.findings.empty()) {
    if (const auto* text = provisioning::find_cause(attempt.findings.front().cause)) out["deviceSees"] = text->sees;
  }
  put_unless_empty(out, "assignedHub", attempt.hub);
  put_unless_empty(out, "deviceId", attempt.device_id);
  if (attempt.enrollment_kind) {
    const bool group = *attempt.enrollment_kind == model::EnrollmentKind::kGroup;
    out[group ? "enrollmentGroupId" : "enrollmentId"] = attempt.enrollment_id;
  }
  put_unless_empty(out, "protocol", attempt.transport);
  put_unless_empty(out, "callerIpAddress", attempt.peer_address);
  put_unless_empty(out, "apiVersion", attempt.api_version);
  put_unless_empty(out, "sha256Thumbprint", attempt.thumbprint);
  out["findings"] = findings_json(attempt.findings);
  out["checks"] = to_json(attempt.checks);
  return out;
}

}  // namespace muster::server
