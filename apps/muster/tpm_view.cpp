#include "muster/tpm_view.h"

#include <fmt/format.h>

#include "crypto/certificate.h"
#include "crypto/tpm/key_input.h"
#include "crypto/tpm/parent_key.h"
#include "muster/table.h"

namespace muster::cli {
namespace {

using crypto::tpm::KeyRole;

boost::json::object key_json(const tpm::PrimaryKey& key, KeyRole role, tpm::Handle handle) {
  boost::json::object out{{"handle", handle_text(handle)}, {"persistent", key.persistent}};
  const auto area = crypto::tpm::parse_public(key.public_key);
  if (!area) {
    out["problem"] = area.error().message;
    return out;
  }
  out["type"] = crypto::tpm::key_name(*area);
  const auto* nearest = crypto::tpm::nearest_template(*area, role);
  if (nearest != nullptr && crypto::tpm::differences(*area, *nearest).empty()) out["template"] = nearest->name;
  const auto problems = crypto::tpm::find_problems(*area, role);
  if (!problems.empty()) out["problem"] = problems.front();
  return out;
}

/// A key's numbers, by which the key of a certificate is compared with it.
bool same_key(const crypto::tpm::PublicArea& a, const crypto::tpm::PublicArea& b) {
  const auto* left = std::get_if<crypto::tpm::RsaPublic>(&a.key);
  const auto* right = std::get_if<crypto::tpm::RsaPublic>(&b.key);
  return left != nullptr && right != nullptr && left->modulus == right->modulus;
}

boost::json::object certificate_json(const Bytes& der, const Bytes& endorsement_key) {
  const auto certificate = crypto::Certificate::from_der(der);
  if (!certificate) return {{"problem", certificate.error().message}};
  boost::json::object out{{"pem", certificate->to_pem()}};
  if (const auto info = certificate->info()) {
    out["issuer"] = info->issuer_name;
    out["serialNumber"] = info->serial_number;
    out["notAfter"] = format_time_seconds(info->not_after);
  }
  const auto certified = crypto::tpm::endorsement_key_from_file(certificate->to_pem());
  const auto present = crypto::tpm::parse_public(endorsement_key);
  out["isOfTheEndorsementKey"] = certified && present && same_key(*certified, *present);
  return out;
}

std::string text_of(const boost::json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

bool flag_of(const boost::json::object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string key_text(const boost::json::object& key) {
  std::string out = text_of(key, "type");
  if (const std::string name = text_of(key, "template"); !name.empty()) out += fmt::format(" ({})", name);
  out += flag_of(key, "persistent") ? fmt::format(" at {}", text_of(key, "handle")) : ", not kept: muster tpm own";
  if (const std::string problem = text_of(key, "problem"); !problem.empty()) out += fmt::format("; {}", problem);
  return out;
}

std::string certificate_text(const boost::json::object& shown) {
  const auto* found = shown.if_contains("endorsementCertificate");
  if (found == nullptr || !found->is_object()) return "none";
  const auto& certificate = found->get_object();
  if (const std::string problem = text_of(certificate, "problem"); !problem.empty()) return problem;
  const std::string issuer =
      fmt::format("of {}, until {}", text_of(certificate, "issuer"), text_of(certificate, "notAfter"));
  return flag_of(certificate, "isOfTheEndorsementKey") ? issuer : issuer + "; of another key than this";
}

std::string authorizations_text(const boost::json::object& shown) {
  std::string out;
  for (const auto& each : shown.at("authorizationSet").as_object()) {
    if (each.value().as_bool()) out += (out.empty() ? "" : ", ") + std::string(each.key());
  }
  return out.empty() ? "none" : out;
}

}  // namespace

std::string handle_text(tpm::Handle handle) {
  return fmt::format("0x{:08X}", handle);
}

boost::json::object tpm_json(const TpmContents& contents) {
  const tpm::Facts& facts = contents.facts;
  boost::json::object out;
  if (const auto area = crypto::tpm::parse_public(contents.endorsement_key.public_key)) {
    out["registrationId"] = crypto::tpm::default_registration_id(*area);
  }
  out["endorsementKey"] = to_base64(contents.endorsement_key.public_key);
  out["storageRootKey"] = to_base64(contents.storage_root_key.public_key);
  out["owned"] = contents.endorsement_key.persistent && contents.storage_root_key.persistent;
  out["provisioned"] = contents.device_key;
  out["keys"] = {
      {"endorsementKey", key_json(contents.endorsement_key, KeyRole::kEndorsement, tpm::kEndorsementKeyHandle)},
      {"storageRootKey", key_json(contents.storage_root_key, KeyRole::kStorageRoot, tpm::kStorageRootKeyHandle)}};
  if (contents.certificate) {
    out["endorsementCertificate"] = certificate_json(*contents.certificate, contents.endorsement_key.public_key);
  }
  out["manufacturer"] = facts.manufacturer;
  out["model"] = facts.model;
  out["firmware"] = facts.firmware;
  out["specification"] = facts.specification;
  out["authorizationSet"] = {{"owner", facts.owner_authorization},
                             {"endorsement", facts.endorsement_authorization},
                             {"lockout", facts.lockout_authorization}};
  out["lockedOut"] = facts.locked_out;
  out["clearDisabled"] = facts.clear_disabled;
  return out;
}

std::string format_tpm(const boost::json::object& shown) {
  const auto& keys = shown.at("keys").as_object();
  const bool owned = flag_of(shown, "owned");
  return format_lines(
      {{"TPM", fmt::format("{} {}, firmware {}, TPM 2.0 revision {}", text_of(shown, "manufacturer"),
                           text_of(shown, "model"), text_of(shown, "firmware"), text_of(shown, "specification"))},
       {"Registration ID", text_of(shown, "registrationId")},
       {"Owned", owned ? "yes" : "no: muster tpm own"},
       {"Endorsement key", key_text(keys.at("endorsementKey").as_object())},
       {"Its certificate", certificate_text(shown)},
       {"Storage root key", key_text(keys.at("storageRootKey").as_object())},
       {"Device key", flag_of(shown, "provisioned") ? "at " + handle_text(tpm::kDeviceKeyHandle) : "none"},
       {"Authorizations set", authorizations_text(shown)},
       {"Locked out", flag_of(shown, "lockedOut") ? "yes" : "no"},
       {"", ""},
       {"endorsementKey", text_of(shown, "endorsementKey")},
       {"storageRootKey", text_of(shown, "storageRootKey")}});
}

}  // namespace muster::cli
