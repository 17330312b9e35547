#include "model/attempt.h"

#include "model/names.h"

namespace muster::model {
namespace {

constexpr std::size_t kMaxText = 1000;
constexpr std::size_t kMaxChecks = 40;
constexpr std::size_t kMaxFindings = 20;
constexpr std::string_view kCutMark = "... (cut)";

void cut(std::string& text) {
  if (text.size() <= kMaxText) return;
  std::size_t end = kMaxText;
  // Not inside a UTF-8 sequence.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  text += kCutMark;
}

}  // namespace

std::string_view to_string(AttemptOutcome outcome) {
  return name_of(kAttemptOutcomeNames, outcome);
}

void limit_size(Attempt& attempt) {
  cut(attempt.registration_id);
  cut(attempt.api_version);
  if (attempt.findings.size() > kMaxFindings) attempt.findings.resize(kMaxFindings);
  for (Finding& finding : attempt.findings) cut(finding.facts);
  if (attempt.checks.size() > kMaxChecks) attempt.checks.resize(kMaxChecks);
  for (Check& check : attempt.checks) cut(check.facts);
}

}  // namespace muster::model
