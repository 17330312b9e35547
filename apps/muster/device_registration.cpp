#include "muster/device_registration.h"

#include <fmt/format.h>

#include "crypto/digest.h"
#include "crypto/tpm/key_input.h"
#include "model/json.h"
#include "muster/files.h"

namespace muster::cli {
namespace {

Result<SecretBytes> read_key(std::string_view option, const std::string& text) {
  auto octets = from_base64(text);
  if (!octets || octets->empty()) return invalid(fmt::format("{} is not base64.", option));
  return SecretBytes(*std::move(octets));
}

Result<std::string> registration_id(const DeviceOptions& options) {
  if (!options.registration_id.empty()) return options.registration_id;
  if (options.tpm_keys) {
    const auto key = crypto::tpm::endorsement_key_from_text(options.tpm_keys->endorsement_key);
    if (!key) return std::unexpected(key.error());
    return crypto::tpm::default_registration_id(*key);
  }
  if (options.certificate.empty()) return invalid("--registration-id is required with a key.");
  auto certificate = read_certificate_file(options.certificate);
  if (!certificate) return std::unexpected(certificate.error());
  if (certificate->common_name().empty()) {
    return invalid(fmt::format("{} has no common name; give --registration-id.", options.certificate));
  }
  return certificate->common_name();
}

Result<void> add_attestation(DeviceRegistration& device, const DeviceOptions& options) {
  if (options.tpm_keys) {
    device.attestation = DeviceAttestation::kTpm;
    device.tpm = options.tpm_keys;
    return {};
  }
  if (!options.certificate.empty()) {
    device.attestation = DeviceAttestation::kX509;
    return {};
  }
  const bool group = !options.group_key.empty();
  auto key = group ? read_key("--group-key", options.group_key) : read_key("--symmetric-key", options.symmetric_key);
  if (!key) return std::unexpected(key.error());
  device.attestation = group ? DeviceAttestation::kSymmetricKeyGroup : DeviceAttestation::kSymmetricKey;
  device.key = group ? crypto::derive_device_key(*key, device.registration_id) : *std::move(key);
  return {};
}

void set_if(boost::json::object& out, std::string_view member, const std::string& text) {
  if (!text.empty()) out[member] = text;
}

}  // namespace

Result<void> check_attestation(const DeviceOptions& options) {
  const int given = (options.symmetric_key.empty() ? 0 : 1) + (options.group_key.empty() ? 0 : 1) +
                    (options.certificate.empty() ? 0 : 1) + (options.attestation.empty() ? 0 : 1);
  if (given != 1) {
    return invalid("Give one of --symmetric-key, --group-key, --certificate with --private-key and --attestation tpm.");
  }
  if (!options.attestation.empty() && options.transport.starts_with("mqtt")) {
    return invalid("TPMs cannot prove themselves over MQTT: give --transport http, amqp or amqp-ws.");
  }
  if (options.certificate.empty() != options.private_key.empty()) {
    return invalid("--certificate and --private-key go together.");
  }
  return {};
}

Result<DeviceRegistration> read_device_registration(const DeviceOptions& options) {
  if (auto checked = check_attestation(options); !checked) return std::unexpected(checked.error());
  DeviceRegistration device;
  device.transport = options.transport;
  device.host = options.provisioning_host;
  device.id_scope = options.id_scope;
  device.api_version = options.api_version;
  device.timeout = std::chrono::seconds(options.timeout_seconds);
  auto id = registration_id(options);
  if (!id) return std::unexpected(id.error());
  device.registration_id = *std::move(id);
  if (auto added = add_attestation(device, options); !added) return std::unexpected(added.error());
  if (options.payload) {
    auto payload = model::parse_json(*options.payload);
    if (!payload) return invalid(fmt::format("--payload must be JSON: {}", payload.error().message));
    device.payload = *std::move(payload);
  }
  return device;
}

std::string_view to_string(DeviceAttestation attestation) {
  switch (attestation) {
    case DeviceAttestation::kSymmetricKey:
      return "symmetricKey";
    case DeviceAttestation::kSymmetricKeyGroup:
      return "symmetricKeyGroup";
    case DeviceAttestation::kX509:
      return "x509";
    case DeviceAttestation::kTpm:
      return "tpm";
  }
  return "";
}

boost::json::object outcome_json(const DeviceRegistration& device, const DeviceOutcome& outcome) {
  boost::json::object out{{"transport", device.transport},
                          {"attestation", to_string(device.attestation)},
                          {"registrationId", device.registration_id},
                          {"status", outcome.status}};
  set_if(out, "assignedHub", outcome.assigned_hub);
  set_if(out, "deviceId", outcome.device_id);
  set_if(out, "substatus", outcome.substatus);
  set_if(out, "operationId", outcome.operation_id);
  set_if(out, "errorCode", outcome.error_code);
  set_if(out, "trackingId", outcome.tracking_id);
  set_if(out, "message", outcome.message);
  out["milliseconds"] = outcome.duration.count();
  return out;
}

}  // namespace muster::cli
