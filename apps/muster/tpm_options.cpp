#include "muster/tpm_options.h"

#include <fmt/format.h>

#include "muster/files.h"

namespace muster::cli {
namespace {

Result<SecretBytes> read_authorization(const std::string& path) {
  if (path.empty()) return SecretBytes();
  return read_secret_file(path);
}

}  // namespace

void add_tpm_options(CLI::App& verb, TpmOptions& options, TpmRights rights) {
  const auto add = [&](const char* name, std::string& target, const char* help, const char* type) {
    verb.add_option(name, target, help)->type_name(type)->group("TPM");
  };
  add("--tcti", options.tcti,
      "How the TPM is reached, such as swtpm:host=127.0.0.1,port=2321; or MUSTER_TCTI, TPM2TOOLS_TCTI "
      "(default device:/dev/tpmrm0)",
      "TCTI");
  if (rights == TpmRights::kClear) {
    add("--lockout-auth-file", options.lockout_file, "File with the authorization value of lockout", "FILE");
  }
  if (rights != TpmRights::kKeys) return;
  add("--endorsement-auth-file", options.endorsement_file,
      "File with the authorization value of the endorsement hierarchy, when one is set", "FILE");
  add("--owner-auth-file", options.owner_file, "File with the authorization value of the owner, when one is set",
      "FILE");
}

CLI::Option* as_handle(CLI::Option* option) {
  const auto problem = [](const std::string& text) -> std::string {
    tpm::Handle handle = 0;
    const bool good =
        CLI::detail::lexical_cast(text, handle) && handle >= tpm::kFirstOwnerHandle && handle <= tpm::kLastOwnerHandle;
    return good ? ""
                : fmt::format("{} is no handle from 0x{:08X} to 0x{:08X}.", text, tpm::kFirstOwnerHandle,
                              tpm::kLastOwnerHandle);
  };
  return option->check(CLI::Validator(problem, "HANDLE"))->option_text("HANDLE");
}

std::string tcti_of(const TpmOptions& options, const Environment& environment) {
  if (!options.tcti.empty()) return options.tcti;
  for (const char* name : {"MUSTER_TCTI", "TPM2TOOLS_TCTI"}) {
    if (auto value = environment(name)) return *std::move(value);
  }
  return "device:/dev/tpmrm0";
}

Result<tpm::Tpm> open_tpm(const TpmOptions& options, const Environment& environment) {
  auto owner = read_authorization(options.owner_file);
  if (!owner) return std::unexpected(owner.error());
  auto endorsement = read_authorization(options.endorsement_file);
  if (!endorsement) return std::unexpected(endorsement.error());
  auto lockout = read_authorization(options.lockout_file);
  if (!lockout) return std::unexpected(lockout.error());
  return tpm::Tpm::open(
      tcti_of(options, environment),
      {.owner = *std::move(owner), .endorsement = *std::move(endorsement), .lockout = *std::move(lockout)});
}

int report_opening(const Program& program, const Error& error) {
  return error.code == ErrorCode::kInvalidArgument ? report_usage(program, error) : report(program, error);
}

}  // namespace muster::cli
