#include "hub/device_proof.h"

#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "hub/policies.h"
#include "wire/sas_token.h"

namespace muster::hub {
namespace {

using model::HubDevice;

constexpr std::size_t kSha1Digits = 40;

std::unexpected<Error> refuse(std::string detail) {
  return fail(ErrorCode::kUnauthorized, "Unauthorized", std::move(detail));
}

std::string method(std::string_view scope, std::string_view type, std::string_view issuer) {
  return boost::json::serialize(
      boost::json::object{{"scope", scope}, {"type", type}, {"issuer", issuer}, {"acceptingIpFilterRule", nullptr}});
}

/// Whether a token for `resource` covers the device: host/devices/{id}, or a part of it from the left. Ids are compared
/// without case here (hub-api.md 2.2).
bool covers_device(std::string_view resource, std::string_view hub, const std::string& device_id, bool whole) {
  if (const auto scheme = resource.find("://"); scheme != std::string_view::npos) resource.remove_prefix(scheme + 3);
  const std::string full = fmt::format("{}/devices/{}", hub, device_id);
  if (equals_nocase(resource, full)) return true;
  return !whole && (equals_nocase(resource, hub) || equals_nocase(resource, fmt::format("{}/devices", hub)));
}

Result<Admission> judge_policy(const wire::SasToken& token, const DeviceProof& proof,
                               const model::InstanceConfig& config, std::string_view hub) {
  const model::HubPolicy* policy = find_policy(config, hub, token.key_name);
  if (policy == nullptr) return refuse(fmt::format("no policy {}", token.key_name));
  if (!covers_device(token.resource, hub, proof.device_id, false)) {
    return refuse(fmt::format("the token is for {}", token.resource));
  }
  if (!wire::signed_by(token, policy->primary_key) && !wire::signed_by(token, policy->secondary_key)) {
    return refuse(fmt::format("the signature is by no key of policy {}", policy->name));
  }
  if (!policy->rights.allows(model::HubRight::kDeviceConnect)) {
    return refuse(fmt::format("policy {} has only {}", policy->name, policy->rights.to_string()));
  }
  return Admission{token.expiry, method("hub", "sas", "iothub")};
}

Result<Admission> judge_token(const HubDevice& device, const DeviceProof& proof, const model::InstanceConfig& config,
                              std::string_view hub, TimePoint now, const ProofSettings& settings) {
  const auto* keys = std::get_if<model::SasCredential>(&device.credential);
  if (keys == nullptr) return refuse(fmt::format("a token from a device of type {}", type_of(device.credential)));
  const auto token = wire::parse_sas_token(*proof.token);
  if (!token) return refuse(token.error().detail);
  if (wire::has_expired(*token, now, settings.sas_tolerance)) {
    return refuse(fmt::format("the token ended at {}", format_time(token->expiry)));
  }
  if (!token->key_name.empty()) return judge_policy(*token, proof, config, hub);
  if (!covers_device(token->resource, hub, proof.device_id, true)) {
    return refuse(fmt::format("the token is for {}", token->resource));
  }
  if (!wire::signed_by(*token, keys->primary) && !wire::signed_by(*token, keys->secondary)) {
    return refuse("the signature is by neither key of the device");
  }
  return Admission{token->expiry, method("device", "sas", "iothub")};
}

/// In the kind of digest that the stored one has; case does not matter.
bool is_thumbprint_of(const std::string& stored, const crypto::Certificate& leaf) {
  if (stored.empty()) return false;
  const std::string is = stored.size() == kSha1Digits ? hex_upper(crypto::sha1(leaf.der())) : hex_upper(leaf.sha256());
  return equals_nocase(stored, is);
}

/// Only its validity and its thumbprint count, no chain and no name (hub-api.md 2.2).
Result<Admission> judge_thumbprint(const model::ThumbprintCredential& known, const crypto::Certificate& leaf,
                                   TimePoint now, const ProofSettings& settings) {
  const auto tolerance = settings.path.clock_tolerance;
  if (now + tolerance < leaf.not_before() || now - tolerance > leaf.not_after()) {
    return refuse(fmt::format("the certificate is valid from {} to {}", format_time(leaf.not_before()),
                              format_time(leaf.not_after())));
  }
  if (!is_thumbprint_of(known.primary, leaf) && !is_thumbprint_of(known.secondary, leaf)) {
    return refuse(fmt::format("the certificate's thumbprint is {}", hex_upper(leaf.sha256())));
  }
  return Admission{std::nullopt, method("device", "x509Certificate", "external")};
}

Result<Admission> judge_authority(const DeviceProof& proof, const model::InstanceConfig& config, TimePoint now,
                                  const ProofSettings& settings) {
  if (proof.leaf->common_name() != proof.device_id) {
    return refuse(fmt::format("the certificate is for {}", proof.leaf->common_name()));
  }
  std::vector<crypto::Certificate> known;
  std::vector<crypto::Certificate> anchors;
  for (const model::CaCertificate& each : config.certificates) {
    known.push_back(each.certificate);
    if (each.verified) anchors.push_back(each.certificate);
  }
  const auto report = crypto::validate_path(*proof.leaf, proof.chain, known, anchors, now, settings.path);
  if (!report.valid()) return refuse(report.summary());
  return Admission{std::nullopt, method("device", "x509CertificateAuthority", "external")};
}

}  // namespace

Result<Admission> judge_device(const HubDevice* device, const DeviceProof& proof, const model::InstanceConfig& config,
                               std::string_view hub, TimePoint now, const ProofSettings& settings) {
  if (device == nullptr) return refuse("there is no such device");
  if (!device->enabled) return refuse("the device is disabled");
  if (proof.token && !proof.token->empty()) return judge_token(*device, proof, config, hub, now, settings);
  if (!proof.leaf) return refuse("neither a token nor a certificate");
  if (const auto* known = std::get_if<model::ThumbprintCredential>(&device->credential)) {
    return judge_thumbprint(*known, *proof.leaf, now, settings);
  }
  if (std::holds_alternative<model::AuthorityCredential>(device->credential)) {
    return judge_authority(proof, config, now, settings);
  }
  return refuse(fmt::format("a certificate from a device of type {}", type_of(device->credential)));
}

}  // namespace muster::hub
