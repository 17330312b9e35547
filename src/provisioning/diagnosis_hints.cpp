#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "provisioning/diagnosis_parts.h"

namespace muster::provisioning {
namespace {

using model::EnrollmentKind;

constexpr std::string_view kSeparators = "-._:";

bool is_separator(char c) {
  return kSeparators.find(c) != std::string_view::npos;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string with_separators(std::string_view id, std::string_view separator) {
  std::string out;
  for (char c : id) {
    if (is_separator(c)) {
      out += separator;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string swapped(std::string_view id, char from, char to) {
  std::string out(id);
  std::ranges::replace(out, from, to);
  return out;
}

/// The number at the end with other counts of leading zeros, as printed labels and spreadsheets make them.
std::vector<std::string> renumbered(std::string_view id) {
  std::size_t start = id.size();
  while (start > 0 && is_digit(id[start - 1])) --start;
  std::size_t first = start;
  while (first + 1 < id.size() && id[first] == '0') ++first;
  if (start == id.size()) return {};
  std::vector<std::string> out;
  for (std::size_t zeros = 0; zeros <= 4; ++zeros) {
    out.push_back(std::string(id.substr(0, start)) + std::string(zeros, '0') + std::string(id.substr(first)));
  }
  return out;
}

/// Ids that a person may have meant by `id`. Each is looked up by itself, so there are few.
std::set<std::string> slips_of(const std::string& id) {
  std::set<std::string> out;
  for (std::string_view separator : {"-", "_", ".", ":", ""}) out.insert(with_separators(id, separator));
  out.insert(swapped(id, 'o', '0'));
  out.insert(swapped(id, '0', 'o'));
  out.insert(swapped(id, 'l', '1'));
  out.insert(swapped(id, '1', 'l'));
  for (const std::string& spelling : {id, with_separators(id, "-")}) {
    for (std::string& number : renumbered(spelling)) out.insert(std::move(number));
  }
  out.erase(id);
  out.erase("");
  return out;
}

Task<std::optional<model::Finding>> deleted_entry(const DeviceRequest& request, store::Store& store) {
  const model::InstanceId& instance = request.config->instance.id;
  const auto record = co_await store.find_registration(instance, request.registration_id);
  if (!record || !*record) co_return std::nullopt;
  const auto entry = co_await store.find_enrollment(instance, (*record)->enrollment_kind, (*record)->enrollment_id);
  if (!entry || *entry) co_return std::nullopt;
  co_return finding(Cause::kEnrollmentDeleted,
                    fmt::format("{} {}", (*record)->enrollment_kind == EnrollmentKind::kGroup ? "group" : "enrollment",
                                (*record)->enrollment_id));
}

}  // namespace

Task<std::vector<model::Finding>> id_hints(const DeviceRequest& request, store::Store& store) {
  std::vector<model::Finding> findings;
  const model::InstanceId& instance = request.config->instance.id;
  const std::string id = model::id_key(request.registration_id);
  for (const std::string& slip : slips_of(id)) {
    const auto found = co_await store.find_enrollment(instance, EnrollmentKind::kIndividual, slip);
    if (found && *found) findings.push_back(finding(Cause::kSimilarIdEnrolled, (*found)->id));
  }
  if (auto gone = co_await deleted_entry(request, store)) findings.push_back(std::move(*gone));
  co_return findings;
}

namespace detail {

std::string id_skeleton(std::string_view id) {
  std::string out;
  for (char c : to_lower(trim(id))) {
    if (is_separator(c)) continue;
    if (c == 'o') c = '0';
    if (c == 'l' || c == 'i') c = '1';
    const bool leading_zero = c == '0' && (out.empty() || !is_digit(out.back()));
    if (!leading_zero) out.push_back(c);
  }
  return out;
}

std::string describe_span(std::chrono::seconds span) {
  using std::chrono::seconds;
  struct Unit {
    std::int64_t size;
    std::string_view name;
  };
  constexpr std::array<Unit, 5> kUnits{{{365 * 86400, "years"}, {86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  std::int64_t left = std::abs(span.count());
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (left < kUnits[i].size && i + 1 < kUnits.size()) continue;
    std::string out = fmt::format("{} {}", left / kUnits[i].size, kUnits[i].name);
    if (i + 1 == kUnits.size()) return out;
    const std::int64_t rest = left % kUnits[i].size / kUnits[i + 1].size;
    return rest == 0 ? out : fmt::format("{} {} {}", out, rest, kUnits[i + 1].name);
  }
  return {};
}

}  // namespace detail
}  // namespace muster::provisioning
