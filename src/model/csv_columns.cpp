#include "model/csv_columns.h"

#include "model/enrollment_members.h"

namespace muster::model {
namespace {

using Path = std::vector<std::string_view>;

Path certificate_path(EnrollmentKind kind, std::string_view slot) {
  return {"attestation", "x509", kind == EnrollmentKind::kIndividual ? "clientCertificates" : "signingCertificates",
          slot};
}

Path below(Path path, std::initializer_list<std::string_view> members) {
  path.insert(path.end(), members);
  return path;
}

std::vector<CsvColumn> make_columns(EnrollmentKind kind) {
  const bool individual = kind == EnrollmentKind::kIndividual;
  const Path primary = certificate_path(kind, "primary");
  const Path secondary = certificate_path(kind, "secondary");
  std::vector<CsvColumn> columns;
  const auto add = [&](std::string_view name, Path path, CellType type = CellType::kText, bool secret = false) {
    columns.push_back({name, std::move(path), type, secret});
  };
  add(id_member(kind), {id_member(kind)});
  if (individual) add("deviceId", {"deviceId"});
  add("attestationType", {"attestation", "type"});
  add("primaryKey", {"attestation", "symmetricKey", "primaryKey"}, CellType::kText, true);
  add("secondaryKey", {"attestation", "symmetricKey", "secondaryKey"}, CellType::kText, true);
  add("primaryCertificate", below(primary, {"certificate"}), CellType::kText, true);
  add("secondaryCertificate", below(secondary, {"certificate"}), CellType::kText, true);
  add("primaryThumbprint", below(primary, {"info", "sha256Thumbprint"}));
  add("secondaryThumbprint", below(secondary, {"info", "sha256Thumbprint"}));
  add("primaryCaReference", {"attestation", "x509", "caReferences", "primary"});
  add("secondaryCaReference", {"attestation", "x509", "caReferences", "secondary"});
  if (individual) add("endorsementKey", {"attestation", "tpm", "endorsementKey"});
  if (individual) add("storageRootKey", {"attestation", "tpm", "storageRootKey"});
  add("provisioningStatus", {"provisioningStatus"});
  add("allocationPolicy", {"allocationPolicy"});
  add("iotHubs", {"iotHubs"}, CellType::kList);
  add("iotHubHostName", {"iotHubHostName"});
  add("webhookUrl", {"customAllocationDefinition", "webhookUrl"});
  add("webhookApiVersion", {"customAllocationDefinition", "apiVersion"});
  add("updateHubAssignment", {"reprovisionPolicy", "updateHubAssignment"}, CellType::kFlag);
  add("migrateDeviceData", {"reprovisionPolicy", "migrateDeviceData"}, CellType::kFlag);
  add("iotEdge", {"capabilities", "iotEdge"}, CellType::kFlag);
  add("tags", {"initialTwin", "tags"}, CellType::kObject);
  add("desired", {"initialTwin", "properties", "desired"}, CellType::kObject);
  if (individual) add("optionalDeviceInformation", {"optionalDeviceInformation"}, CellType::kObject);
  add("other", {}, CellType::kObject);
  return columns;
}

}  // namespace

const std::vector<CsvColumn>& csv_columns(EnrollmentKind kind) {
  static const std::vector<CsvColumn> individual = make_columns(EnrollmentKind::kIndividual);
  static const std::vector<CsvColumn> group = make_columns(EnrollmentKind::kGroup);
  return kind == EnrollmentKind::kIndividual ? individual : group;
}

}  // namespace muster::model
