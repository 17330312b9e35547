#pragma once

#include "muster/command.h"
#include "muster/device_registration.h"
#include "tpm/tpm.h"

namespace muster::cli {

/// What a simulated device proves itself with: keys, a certificate, or its TPM with the handle of its key.
void add_credential_options(CLI::App& verb, DeviceOptions& device, tpm::Handle& device_key);

}  // namespace muster::cli
