#include <boost/json/array.hpp>

#include "model/attempt.h"
#include "model/names.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::size_t kMostMembers = 15;

// Checks and findings are kept as plain rows, [what, passed, facts] and [cause, facts]: a million attempts would repeat
// the names of the members some ten million times.

array stored_checks(const std::vector<Check>& checks, const boost::json::storage_ptr& storage) {
  array out(storage);
  out.reserve(checks.size());
  for (const Check& check : checks) out.emplace_back(array({check.what, check.passed, check.facts}, storage));
  return out;
}

array stored_findings(const std::vector<Finding>& findings, const boost::json::storage_ptr& storage) {
  array out(storage);
  out.reserve(findings.size());
  for (const Finding& finding : findings) out.emplace_back(array({finding.cause, finding.facts}, storage));
  return out;
}

const array* row_of(const value& item, std::size_t size) {
  const auto* row = item.if_array();
  return row != nullptr && row->size() == size ? row : nullptr;
}

std::vector<Check> read_checks(const MemberReader& reader) {
  std::vector<Check> out;
  const array* items = reader.array("checks");
  if (items == nullptr) return out;
  for (const value& item : *items) {
    const array* row = row_of(item, 3);
    if (row == nullptr || !(*row)[0].is_string() || !(*row)[1].is_bool() || !(*row)[2].is_string()) {
      reader.reject("checks", "has a row that is none");
      return out;
    }
    out.push_back({std::string((*row)[0].get_string()), (*row)[1].get_bool(), std::string((*row)[2].get_string())});
  }
  return out;
}

std::vector<Finding> read_findings(const MemberReader& reader) {
  std::vector<Finding> out;
  const array* items = reader.array("findings");
  if (items == nullptr) return out;
  for (const value& item : *items) {
    const array* row = row_of(item, 2);
    if (row == nullptr || !(*row)[0].is_string() || !(*row)[1].is_string()) {
      reader.reject("findings", "has a row that is none");
      return out;
    }
    out.push_back({std::string((*row)[0].get_string()), std::string((*row)[1].get_string())});
  }
  return out;
}

void put_unless_empty(object& out, std::string_view member, const std::string& text) {
  if (!text.empty()) out[member] = text;
}

}  // namespace

object to_stored_json(const Attempt& attempt, const boost::json::storage_ptr& storage) {
  object out(storage);
  out.reserve(kMostMembers);
  out["trackingId"] = attempt.tracking_id;
  out["at"] = to_micros(attempt.at);
  out["call"] = attempt.call;
  out["registrationId"] = attempt.registration_id;
  out["transport"] = attempt.transport;
  out["peer"] = attempt.peer_address;
  out["apiVersion"] = attempt.api_version;
  put_unless_empty(out, "thumbprint", attempt.thumbprint);
  if (attempt.enrollment_kind) {
    out["enrollmentKind"] = to_string(*attempt.enrollment_kind);
    out["enrollmentId"] = attempt.enrollment_id;
  }
  out["outcome"] = to_string(attempt.outcome);
  put_unless_empty(out, "hub", attempt.hub);
  put_unless_empty(out, "deviceId", attempt.device_id);
  if (!attempt.findings.empty()) out["findings"] = stored_findings(attempt.findings, storage);
  out["checks"] = stored_checks(attempt.checks, storage);
  return out;
}

Result<Attempt> attempt_from_stored_json(const object& stored) {
  DocumentFault fault;
  const MemberReader reader(stored, fault);
  Attempt attempt;
  attempt.tracking_id = reader.required_text("trackingId");
  attempt.at = stored_time(reader, "at");
  attempt.call = reader.text_or_empty("call");
  attempt.registration_id = reader.text_or_empty("registrationId");
  attempt.transport = reader.text_or_empty("transport");
  attempt.peer_address = reader.text_or_empty("peer");
  attempt.api_version = reader.text_or_empty("apiVersion");
  attempt.thumbprint = reader.text_or_empty("thumbprint");
  if (reader.has("enrollmentKind")) {
    attempt.enrollment_kind = stored_name(reader, "enrollmentKind", kEnrollmentKindNames);
  }
  attempt.enrollment_id = reader.text_or_empty("enrollmentId");
  attempt.outcome = stored_name(reader, "outcome", kAttemptOutcomeNames);
  attempt.hub = reader.text_or_empty("hub");
  attempt.device_id = reader.text_or_empty("deviceId");
  attempt.findings = read_findings(reader);
  attempt.checks = read_checks(reader);
  return unless_damaged(fault, std::move(attempt), "attempt");
}

}  // namespace muster::model
