#include "muster/entry_options.h"

#include "muster/command.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;

using Choices = std::vector<std::string>;

void add_choice(CLI::App& verb, const char* name, std::optional<std::string>& target, const char* help,
                const Choices& choices) {
  as_choice(verb.add_option(name, target, help), choices);
}

void add_attestation(CLI::App& verb, EnrollmentKind kind, EnrollmentOptions& options) {
  const bool group = kind == EnrollmentKind::kGroup;
  const char* const heading = "Attestation";
  add_choice(verb, "--attestation-type", options.attestation_type,
             "Default: as the other options imply, else symmetrickey",
             group ? Choices{"symmetrickey", "x509"} : Choices{"symmetrickey", "x509", "tpm"});
  verb.get_option("--attestation-type")->group(heading);
  const auto add = [&](const char* name, std::optional<std::string>& target, const char* help, const char* type) {
    verb.add_option(name, target, help)->type_name(type)->group(heading);
  };
  add("--primary-key", options.primary_key, "Symmetric key; made by the service when not given", "BASE64");
  add("--secondary-key", options.secondary_key, "The other symmetric key", "BASE64");
  add("--certificate-path", options.certificate_path,
      group ? "Signing certificate of the devices (PEM or DER)" : "The device's certificate (PEM or DER)", "FILE");
  add("--secondary-certificate-path", options.secondary_certificate_path, "The other certificate", "FILE");
  add("--root-ca-name,--ca-name", options.root_ca_name, "Name of a CA certificate in the service's list", "NAME");
  add("--secondary-root-ca-name,--secondary-ca-name", options.secondary_root_ca_name, "The other CA", "NAME");
  if (group) return;
  add("--endorsement-key", options.endorsement_key, "Public endorsement key of the TPM", "BASE64");
  add("--ek-certificate", options.ek_certificate, "The TPM's EK certificate (PEM or DER), in place of its key", "FILE");
  add("--ek-roots", options.ek_roots, "Demand that it leads to a root among these manufacturers' certificates",
      "FOLDER");
}

void add_allocation(CLI::App& verb, EnrollmentOptions& options) {
  const char* const heading = "Allocation";
  verb.add_option("--iot-hubs", options.iot_hubs, "Hubs to choose from, separated by commas or blanks")
      ->delimiter(',')
      ->type_name("HOST")
      ->group(heading);
  add_choice(verb, "--allocation-policy", options.allocation_policy, "How the hub is chosen; default: the service's",
             {"hashed", "geolatency", "static", "custom"});
  verb.get_option("--allocation-policy")->group(heading);
  verb.add_option("--webhook-url", options.webhook_url, "Custom policy: what is asked for the hub")
      ->type_name("URL")
      ->group(heading);
  verb.add_option("--api-version", options.webhook_api_version, "Custom policy: shape of the question, 2021-10-01")
      ->type_name("VERSION")
      ->group(heading);
  add_choice(verb, "--reprovision-policy", options.reprovision_policy, "What happens when a device registers again",
             {"reprovisionandmigratedata", "reprovisionandresetdata", "never"});
  verb.get_option("--reprovision-policy")->group(heading);
}

}  // namespace

void add_entry_options(CLI::App& verb, EnrollmentKind kind, EnrollmentOptions& options) {
  add_attestation(verb, kind, options);
  add_allocation(verb, options);
  if (kind == EnrollmentKind::kIndividual) {
    verb.add_option("--device-id", options.device_id, "Device id at the hub; default: the enrollment id")
        ->type_name("ID");
  }
  add_choice(verb, "--provisioning-status", options.provisioning_status, "Whether devices are let in",
             {"enabled", "disabled"});
  verb.add_option("--initial-twin-tags", options.initial_twin_tags, "Tags of the device twin at assignment")
      ->type_name("JSON");
  verb.add_option("--initial-twin-properties", options.initial_twin_properties,
                  "Desired properties of the device twin at assignment")
      ->type_name("JSON");
  verb.add_option("--edge-enabled", options.edge_enabled, "Whether the device is an IoT Edge device")
      ->option_text("true|false");
}

}  // namespace muster::cli
