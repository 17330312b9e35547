#include "muster/attestation_body.h"

#include <fmt/format.h>

#include "muster/files.h"

namespace muster::cli {
namespace {

using boost::json::object;
using model::EnrollmentKind;
using Text = std::optional<std::string>;

struct Implied {
  std::string_view type;
  std::string_view option;
};

/// The type that each given option belongs to.
std::vector<Implied> implied_types(const EnrollmentOptions& options) {
  const std::pair<const Text&, Implied> table[] = {
      {options.primary_key, {"symmetrickey", "--primary-key"}},
      {options.secondary_key, {"symmetrickey", "--secondary-key"}},
      {options.certificate_path, {"x509", "--certificate-path"}},
      {options.secondary_certificate_path, {"x509", "--secondary-certificate-path"}},
      {options.root_ca_name, {"x509", "--root-ca-name"}},
      {options.secondary_root_ca_name, {"x509", "--secondary-root-ca-name"}},
      {options.endorsement_key, {"tpm", "--endorsement-key"}}};
  std::vector<Implied> out;
  for (const auto& [value, implied] : table) {
    if (value) out.push_back(implied);
  }
  return out;
}

/// symmetrickey, x509, tpm or nothing when the options do not speak of attestation.
Result<std::string> type_of(const EnrollmentOptions& options) {
  const auto implied = implied_types(options);
  std::string type = options.attestation_type.value_or(implied.empty() ? "" : std::string(implied.front().type));
  for (const auto& [other, option] : implied) {
    if (other != type) return invalid(fmt::format("{} does not go with {} attestation.", option, type));
  }
  return type;
}

void set_if(object& target, std::string_view member, const Text& value) {
  if (value) target[member] = *value;
}

object symmetric_key(const EnrollmentOptions& options) {
  object keys;
  set_if(keys, "primaryKey", options.primary_key);
  set_if(keys, "secondaryKey", options.secondary_key);
  object out{{"type", "symmetricKey"}};
  if (!keys.empty()) out["symmetricKey"] = std::move(keys);
  return out;
}

Result<object> tpm(const EnrollmentOptions& options) {
  if (!options.endorsement_key) return invalid("--attestation-type tpm needs --endorsement-key or --ek-certificate.");
  return object{{"type", "tpm"}, {"tpm", {{"endorsementKey", *options.endorsement_key}}}};
}

Result<void> add_certificate(object& slots, std::string_view slot, const Text& path) {
  if (!path) return {};
  auto certificate = read_certificate_file(*path);
  if (!certificate) return std::unexpected(certificate.error());
  slots[slot] = object{{"certificate", certificate->to_pem()}};
  return {};
}

Result<object> x509(EnrollmentKind kind, const EnrollmentOptions& options) {
  const bool references = options.root_ca_name || options.secondary_root_ca_name;
  const bool inline_certificates = options.certificate_path || options.secondary_certificate_path;
  if (references && inline_certificates) return invalid("Give certificate files or CA names, not both.");
  if (!references && !inline_certificates)
    return invalid("x509 attestation needs --certificate-path or --root-ca-name.");
  object slots;
  set_if(slots, "primary", options.root_ca_name);
  set_if(slots, "secondary", options.secondary_root_ca_name);
  if (auto added = add_certificate(slots, "primary", options.certificate_path); !added) {
    return std::unexpected(added.error());
  }
  if (auto added = add_certificate(slots, "secondary", options.secondary_certificate_path); !added) {
    return std::unexpected(added.error());
  }
  const std::string_view inline_name = kind == EnrollmentKind::kGroup ? "signingCertificates" : "clientCertificates";
  object collection;
  collection[references ? "caReferences" : inline_name] = std::move(slots);
  return object{{"type", "x509"}, {"x509", std::move(collection)}};
}

/// The object below a member; an empty one when there is none.
object inner_of(const object& outer, std::string_view member) {
  const auto* value = outer.if_contains(member);
  return value != nullptr && value->is_object() ? value->get_object() : object();
}

object overlaid(object below, const object& above) {
  for (const auto& [key, value] : above) below[key] = value;
  return below;
}

}  // namespace

Result<object> given_attestation(EnrollmentKind kind, const EnrollmentOptions& options) {
  auto type = type_of(options);
  if (!type) return std::unexpected(type.error());
  if (*type == "tpm" && kind == EnrollmentKind::kGroup) return invalid("A group cannot have tpm attestation.");
  if (*type == "tpm") return tpm(options);
  if (*type == "x509") return x509(kind, options);
  if (*type == "symmetrickey") return symmetric_key(options);
  return object();
}

object merge_attestation(object current, const object& given) {
  const auto* type = given.if_contains("type");
  const auto* former = current.if_contains("type");
  if (type == nullptr || former == nullptr || *type != *former) return given;
  for (const auto& [member, value] : given) {
    if (!value.is_object()) continue;
    if (member != "x509") {
      current[member] = overlaid(inner_of(current, member), value.get_object());
      continue;
    }
    // The service wants exactly one of the x509 collections.
    const object former_collections = inner_of(current, member);
    object collections;
    for (const auto& [name, slots] : value.get_object()) {
      collections[name] = overlaid(inner_of(former_collections, name), slots.get_object());
    }
    current[member] = std::move(collections);
  }
  return current;
}

}  // namespace muster::cli
