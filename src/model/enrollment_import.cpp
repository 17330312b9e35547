#include "model/enrollment_import.h"

#include <array>
#include <utility>

#include "model/enrollment_json.h"
#include "model/enrollment_members.h"
#include "model/json.h"
#include "model/named_value.h"

namespace muster::model {
namespace {

using boost::json::object;

constexpr std::array kModeNames{
    NamedValue<ImportMode>{ImportMode::kCreate, "create"},
    NamedValue<ImportMode>{ImportMode::kCreateOrUpdate, "createOrUpdate"},
    NamedValue<ImportMode>{ImportMode::kCreateOrReplace, "createOrReplace"},
};

/// Objects with members of ours. What is in other objects belongs to the user and is set as a whole.
constexpr std::array<std::string_view, 5> kOurObjects{"initialTwin", "properties", "capabilities", "reprovisionPolicy",
                                                      "customAllocationDefinition"};

bool is_ours(std::string_view member) {
  return std::ranges::find(kOurObjects, member) != kOurObjects.end();
}

/// Sets what `given` gives; depth is bounded by that of the names in kOurObjects.
void merge(object& target, const object& given, int depth = 2) {
  for (const auto& [name, value] : given) {
    if (value.is_null()) continue;
    auto& member = target[name];
    if (depth > 0 && is_ours(name) && member.is_object() && value.is_object()) {
      merge(member.get_object(), value.get_object(), depth - 1);
    } else {
      member = value;
    }
  }
}

bool gives(const object& line, std::string_view member) {
  const auto* value = line.if_contains(member);
  return value != nullptr && !value->is_null();
}

object with_attestation(object line, object attestation) {
  line["attestation"] = std::move(attestation);
  return line;
}

Result<Enrollment> make_new(EnrollmentKind kind, std::string_view id, const object& line, TimePoint now,
                            Random& random) {
  if (gives(line, "attestation")) return apply_put(kind, id, line, nullptr, now, random);
  return apply_put(kind, id, with_attestation(line, {{"type", "symmetricKey"}}), nullptr, now, random);
}

object body_for(const object& line, const Enrollment& current, ImportMode mode) {
  if (mode != ImportMode::kCreateOrReplace) {
    object body = to_json(current, EnrollmentView::kPublic);
    merge(body, line);
    return body;
  }
  if (gives(line, "attestation")) return line;
  return with_attestation(line, attestation_to_json(current.attestation, EnrollmentView::kPublic));
}

/// Equal in everything that a client can set.
bool same_settings(Enrollment next, const Enrollment& current) {
  next.etag = current.etag;
  next.updated = current.updated;
  return next == current;
}

}  // namespace

std::optional<ImportMode> parse_import_mode(std::string_view text) {
  return value_named(kModeNames, text);
}

Result<std::optional<Enrollment>> apply_import(EnrollmentKind kind, const object& line, const Enrollment* current,
                                               ImportMode mode, TimePoint now, Random& random) {
  const auto id = required_string(line, id_member(kind));
  if (!id) return std::unexpected(id.error());
  if (current == nullptr) return make_new(kind, *id, line, now, random);
  auto next = apply_put(kind, *id, body_for(line, *current, mode), current, now, random);
  if (!next) return std::unexpected(std::move(next).error());
  if (same_settings(*next, *current)) return std::nullopt;
  if (mode == ImportMode::kCreate) return fail(ErrorCode::kConflict, "Exists already and is not the same.");
  return *std::move(next);
}

object to_export_json(const Enrollment& enrollment, ExportSecrets secrets) {
  const bool included = secrets == ExportSecrets::kIncluded;
  object out = to_json(enrollment, included ? EnrollmentView::kWhole : EnrollmentView::kPublic);
  for (const std::string_view ours : {"etag", "createdDateTimeUtc", "lastUpdatedDateTimeUtc"}) out.stable_erase(ours);
  return out;
}

}  // namespace muster::model
