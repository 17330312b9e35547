#include "muster/entry_view.h"

#include "muster/table.h"

namespace muster::cli {
namespace {

constexpr std::string_view kHiddenKey = "(hidden; --show-keys)";

void hide_keys(boost::json::object& entry) {
  auto* attestation = entry.if_contains("attestation");
  if (attestation == nullptr || !attestation->is_object()) return;
  auto* keys = attestation->get_object().if_contains("symmetricKey");
  if (keys == nullptr || !keys->is_object()) return;
  hide_key_members(keys->get_object());
}

}  // namespace

void hide_key_members(boost::json::object& keys) {
  for (const std::string_view name : {"primaryKey", "secondaryKey"}) {
    if (auto* key = keys.if_contains(name)) *key = kHiddenKey;
  }
}

std::string format_entry(const boost::json::value& entry, KeyVisibility keys) {
  if (!entry.is_object()) return pretty_json(entry);
  boost::json::object shown = entry.get_object();
  if (keys == KeyVisibility::kHidden) hide_keys(shown);
  return format_object(shown);
}

std::string format_entries(model::EnrollmentKind kind, const boost::json::array& entries) {
  const bool group = kind == model::EnrollmentKind::kGroup;
  std::vector<Column> columns = {{"ID", {group ? "enrollmentGroupId" : "registrationId"}},
                                 {"STATUS", {"provisioningStatus"}},
                                 {"ATTESTATION", {"attestation", "type"}},
                                 {"ALLOCATION", {"allocationPolicy"}},
                                 {"HUBS", {"iotHubs"}},
                                 {"UPDATED", {"lastUpdatedDateTimeUtc"}}};
  if (!group) columns.insert(columns.begin() + 1, Column{"DEVICE ID", {"deviceId"}});
  return format_list(columns, entries);
}

}  // namespace muster::cli
