#pragma once

#include "muster/command.h"

namespace muster::cli {

/// The verbs of the noun `tpm` that need a TPM: show, own, sas, clear.
void add_tpm_device_verbs(CLI::App& noun, Selection& selection);

}  // namespace muster::cli
