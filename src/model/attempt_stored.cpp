#include <boost/json/array.hpp>

#include "model/attempt.h"
#include "model/json_text.h"
#include "model/names.h"
#include "model/stored_value.h"

namespace muster::model {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

// Checks and findings are kept as plain rows, [what, passed, facts] and [cause, facts]: a million attempts would repeat
// the names of the members some ten million times.

void append_checks(std::string& out, const std::vector<Check>& checks) {
  ArrayText rows(out);
  for (const Check& check : checks) {
    ArrayText row(rows.element());
    append_json(row.element(), check.what);
    append_json(row.element(), check.passed);
    append_json(row.element(), check.facts);
  }
}

void append_findings(std::string& out, const std::vector<Finding>& findings) {
  ArrayText rows(out);
  for (const Finding& finding : findings) {
    ArrayText row(rows.element());
    append_json(row.element(), finding.cause);
    append_json(row.element(), finding.facts);
  }
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

}  // namespace

std::string to_stored_text(const Attempt& attempt) {
  return object_text([&](ObjectText& out) {
    out.put("trackingId", attempt.tracking_id);
    out.put("at", to_micros(attempt.at));
    out.put("call", attempt.call);
    out.put("registrationId", attempt.registration_id);
    out.put("transport", attempt.transport);
    out.put("peer", attempt.peer_address);
    out.put("apiVersion", attempt.api_version);
    out.put_unless_empty("thumbprint", attempt.thumbprint);
    if (attempt.enrollment_kind) {
      out.put("enrollmentKind", to_string(*attempt.enrollment_kind));
      out.put("enrollmentId", attempt.enrollment_id);
    }
    out.put("outcome", to_string(attempt.outcome));
    out.put_unless_empty("hub", attempt.hub);
    out.put_unless_empty("deviceId", attempt.device_id);
    if (!attempt.findings.empty()) append_findings(out.member("findings"), attempt.findings);
    append_checks(out.member("checks"), attempt.checks);
  });
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
