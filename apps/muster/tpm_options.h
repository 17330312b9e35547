#pragma once

#include <string>

#include "muster/command.h"
#include "tpm/tpm.h"

namespace muster::cli {

/// Which TPM, and what proves the right to use it; empty: not given.
struct TpmOptions {
  std::string tcti = {};
  std::string owner_file = {};
  std::string endorsement_file = {};
  std::string lockout_file = {};
};

/// Whose authorization a verb may need: nobody's, that of the hierarchies with the keys, or that of lockout.
enum class TpmRights : std::uint8_t { kNone, kKeys, kClear };

/// --tcti and the files of those authorizations.
void add_tpm_options(CLI::App& verb, TpmOptions& options, TpmRights rights);

/// How the TPM is reached: --tcti, MUSTER_TCTI, TPM2TOOLS_TCTI, else the kernel's resource manager.
std::string tcti_of(const TpmOptions& options, const Environment& environment);

/// Makes it an option for the handle of a key of the owner, "0x81000100".
CLI::Option* as_handle(CLI::Option* option);

/// kInvalidArgument for a file that cannot be read, else as Tpm::open.
Result<tpm::Tpm> open_tpm(const TpmOptions& options, const Environment& environment);

/// Writes why that failed; files that cannot be read are wrong usage.
int report_opening(const Program& program, const Error& error);

}  // namespace muster::cli
