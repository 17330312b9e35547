#include "muster/device_options.h"

#include "muster/tpm_options.h"

namespace muster::cli {

void add_credential_options(CLI::App& verb, DeviceOptions& device, tpm::Handle& device_key) {
  const auto add = [&](const char* name, std::string& target, const char* help, const char* type) {
    verb.add_option(name, target, help)->type_name(type);
  };
  add("--symmetric-key", device.symmetric_key, "The device's key", "BASE64");
  add("--group-key", device.group_key, "The group's key, from which the device's is derived", "BASE64");
  add("--certificate", device.certificate, "The device's certificate with its chain (PEM)", "FILE");
  add("--private-key", device.private_key, "Its private key (PEM)", "FILE");
  as_choice(verb.add_option("--attestation", device.attestation,
                            "tpm: the device's TPM proves it, and keeps the key of its hub"),
            {"tpm"});
  as_handle(verb.add_option("--device-key-handle", device_key, "Where its TPM keeps that key (default 0x81000100)"))
      ->group("TPM");
}

}  // namespace muster::cli
