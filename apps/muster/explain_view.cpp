#include "muster/explain_view.h"

#include <fmt/format.h>

#include "muster/table.h"

namespace muster::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

std::string text_of(const object& from, std::string_view member) {
  const auto* found = from.if_contains(member);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

const array* array_of(const object& from, std::string_view member) {
  const auto* found = from.if_contains(member);
  return found == nullptr ? nullptr : found->if_array();
}

std::string first_cause(const object& attempt) {
  const array* findings = array_of(attempt, "findings");
  if (findings == nullptr || findings->empty() || !findings->front().is_object()) return {};
  return text_of(findings->front().get_object(), "cause");
}

std::string enrollment_of(const object& attempt) {
  if (const auto group = text_of(attempt, "enrollmentGroupId"); !group.empty()) return "group " + group;
  return text_of(attempt, "enrollmentId");
}

/// The labelled lines of an attempt; table.h cleans what peers sent.
class Lines {
 public:
  void add(std::string_view label, const std::string& text) {
    if (!text.empty()) rows_.push_back({std::string(label), text});
  }
  [[nodiscard]] std::string text() const { return format_lines(rows_); }

 private:
  std::vector<Row> rows_;
};

void add_finding(Lines& lines, const object& finding, bool first) {
  lines.add(first ? "why" : "perhaps", fmt::format("{}: {}", text_of(finding, "cause"), text_of(finding, "summary")));
  lines.add("  seen", text_of(finding, "facts"));
  lines.add("  do", text_of(finding, "advice"));
}

void add_checks(Lines& lines, const array& checks) {
  std::string_view label = "checks";
  for (const value& item : checks) {
    const auto* check = item.if_object();
    if (check == nullptr) continue;
    const auto* passed = check->if_contains("passed");
    const bool ok = passed != nullptr && passed->is_bool() && passed->get_bool();
    const std::string facts = text_of(*check, "facts");
    lines.add(label, fmt::format("{:6} {}{}{}", ok ? "ok" : "FAILED", text_of(*check, "check"),
                                 facts.empty() ? "" : ": ", facts));
    label = " ";
  }
}

}  // namespace

std::string format_attempt(const object& attempt) {
  Lines lines;
  lines.add("registration id", text_of(attempt, "registrationId"));
  lines.add("outcome", text_of(attempt, "outcome"));
  lines.add("device sees", text_of(attempt, "deviceSees"));
  if (const array* findings = array_of(attempt, "findings")) {
    bool first = true;
    for (const value& item : *findings) {
      if (const auto* finding = item.if_object()) add_finding(lines, *finding, std::exchange(first, false));
    }
  }
  lines.add("enrollment", enrollment_of(attempt));
  lines.add("hub", text_of(attempt, "assignedHub"));
  lines.add("device id", text_of(attempt, "deviceId"));
  lines.add("thumbprint", text_of(attempt, "sha256Thumbprint"));
  lines.add("call", fmt::format("{} {} {}", text_of(attempt, "call"), text_of(attempt, "protocol"),
                                text_of(attempt, "callerIpAddress")));
  lines.add("at", text_of(attempt, "timestampUtc"));
  lines.add("tracking id", text_of(attempt, "trackingId"));
  if (const array* checks = array_of(attempt, "checks")) add_checks(lines, *checks);
  return lines.text();
}

std::string format_webhook_trial(const object& trial) {
  Lines lines;
  lines.add("webhook", text_of(trial, "webhook"));
  lines.add("registration id", text_of(trial, "registrationId"));
  const auto* assigns = trial.if_contains("assigns");
  const bool good = assigns != nullptr && assigns->is_bool() && assigns->get_bool();
  lines.add(good ? "assigns to" : "would fail", text_of(trial, "verdict"));
  if (const array* checks = array_of(trial, "checks")) add_checks(lines, *checks);
  return lines.text();
}

std::string format_attempts(const array& attempts) {
  std::vector<Row> rows;
  for (const value& item : attempts) {
    const auto* attempt = item.if_object();
    if (attempt == nullptr) continue;
    const std::string hub = text_of(*attempt, "assignedHub");
    rows.push_back({text_of(*attempt, "timestampUtc").substr(0, 19), text_of(*attempt, "registrationId"),
                    text_of(*attempt, "call"), text_of(*attempt, "outcome"), hub.empty() ? first_cause(*attempt) : hub,
                    text_of(*attempt, "trackingId")});
  }
  return format_table({"At (UTC)", "Registration id", "Call", "Outcome", "Why or where", "Tracking id"}, rows);
}

}  // namespace muster::cli
