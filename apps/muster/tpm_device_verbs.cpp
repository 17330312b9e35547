#include "muster/tpm_device_verbs.h"

#include <limits>

#include <fmt/format.h>

#include "muster/tpm_options.h"
#include "muster/tpm_view.h"
#include "muster/verb.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

using crypto::tpm::KeyRole;

struct TpmCommand {
  TpmOptions tpm = {};
  OutputFormat output = OutputFormat::kTable;
};

// --- show -----------------------------------------------------------------------------------------------------------
Result<TpmContents> read_contents(tpm::Tpm& tpm) {
  auto facts = tpm.facts();
  if (!facts) return std::unexpected(facts.error());
  auto endorsement = tpm.primary_key(KeyRole::kEndorsement);
  if (!endorsement) return std::unexpected(endorsement.error());
  auto storage_root = tpm.primary_key(KeyRole::kStorageRoot);
  if (!storage_root) return std::unexpected(storage_root.error());
  auto certificate = tpm.endorsement_certificate();
  if (!certificate) return std::unexpected(certificate.error());
  const auto provisioned = tpm.has(tpm::kDeviceKeyHandle);
  if (!provisioned) return std::unexpected(provisioned.error());
  return TpmContents{.facts = *std::move(facts),
                     .endorsement_key = *std::move(endorsement),
                     .storage_root_key = *std::move(storage_root),
                     .certificate = *std::move(certificate),
                     .device_key = *provisioned};
}

int show(const Program& program, const TpmCommand& command) {
  auto tpm = open_tpm(command.tpm, program.environment);
  if (!tpm) return report_opening(program, tpm.error());
  const auto contents = read_contents(*tpm);
  if (!contents) return report(program, contents.error());
  return print(program, command.output, tpm_json(*contents),
               [](const auto& value) { return format_tpm(value.get_object()); });
}

// --- own ------------------------------------------------------------------------------------------------------------
struct OwnCommand {
  TpmOptions tpm = {};
  OutputFormat output = OutputFormat::kTable;
  bool replace = false;
};

std::string_view to_string(tpm::Change change) {
  switch (change) {
    case tpm::Change::kNone:
      return "was there";
    case tpm::Change::kMade:
      return "made";
    case tpm::Change::kReplaced:
      return "made in place of another object";
  }
  return "";
}

Result<boost::json::object> persist(tpm::Tpm& tpm, KeyRole role, const OwnCommand& command) {
  const auto foreign = command.replace ? tpm::ForeignObject::kReplace : tpm::ForeignObject::kKeep;
  const auto change = tpm.persist(role, foreign);
  if (!change && change.error().code == ErrorCode::kConflict) {
    return fail(change.error().code,
                change.error().message + " Nothing was changed there; --replace removes it for good.");
  }
  if (!change) return std::unexpected(change.error());
  const auto key = tpm.primary_key(role);
  if (!key) return std::unexpected(key.error());
  return boost::json::object{{"handle", handle_text(tpm::handle_of(role))},
                             {"change", to_string(*change)},
                             {"publicKey", to_base64(key->public_key)}};
}

std::string format_owned(const boost::json::value& value) {
  std::string out;
  for (const auto& [name, member] :
       {std::pair{"Endorsement key", "endorsementKey"}, std::pair{"Storage root key", "storageRootKey"}}) {
    const auto& key = value.at(member);
    out += fmt::format("{:<17} {}  {}\n", name, key.at("handle").as_string().c_str(),
                       key.at("change").as_string().c_str());
  }
  return out;
}

int own(const Program& program, const OwnCommand& command) {
  auto tpm = open_tpm(command.tpm, program.environment);
  if (!tpm) return report_opening(program, tpm.error());
  const auto endorsement = persist(*tpm, KeyRole::kEndorsement, command);
  if (!endorsement) return report(program, endorsement.error());
  const auto storage_root = persist(*tpm, KeyRole::kStorageRoot, command);
  if (!storage_root) return report(program, storage_root.error());
  return print(program, command.output,
               boost::json::object{{"endorsementKey", *endorsement}, {"storageRootKey", *storage_root}}, format_owned);
}

// --- sas ------------------------------------------------------------------------------------------------------------
struct SasCommand {
  TpmOptions tpm = {};
  std::string hub = {};
  std::string device_id = {};
  tpm::Handle handle = tpm::kDeviceKeyHandle;
  int duration_seconds = 3600;
};

int print_sas(const Program& program, const SasCommand& command) {
  auto tpm = open_tpm(command.tpm, program.environment);
  if (!tpm) return report_opening(program, tpm.error());
  const auto sign = [&](ByteView text) { return tpm->hmac_at(command.handle, text); };
  // The hub knows the device by the name of its resource; it has no key names for devices.
  const auto token = wire::sign_sas_token(fmt::format("{}/devices/{}", command.hub, command.device_id), sign,
                                          program.clock.now() + std::chrono::seconds(command.duration_seconds), "");
  if (!token) return report(program, token.error());
  program.out << *token << '\n';
  return done();
}

void add_sas(CLI::App& noun, Selection& selection) {
  const auto [verb, command] =
      add_verb<SasCommand>(noun, selection, print_sas,
                           {"sas", "Sign a token for the hub with the key that a registration left in the TPM",
                            "  muster tpm sas --hub hub.dps.example.net --device-id pump-0042\n"});
  verb->add_option("--hub", command->hub, "Host name of the hub, as the registration told it")
      ->required()
      ->type_name("HOST");
  verb->add_option("--device-id", command->device_id, "The device, as the registration told it")
      ->required()
      ->type_name("ID");
  as_number(verb->add_option("--duration", command->duration_seconds, "Seconds that it is good for (default 3600)"), 1,
            std::numeric_limits<int>::max());
  as_handle(verb->add_option("--device-key-handle", command->handle, "Where the key is (default 0x81000100)"));
  add_tpm_options(*verb, command->tpm, TpmRights::kNone);
}

// --- clear ----------------------------------------------------------------------------------------------------------
struct ClearCommand {
  TpmOptions tpm = {};
  std::string hierarchy = "lockout";
  bool confirmed = false;
};

constexpr const char* kWhatClearingLoses =
    "Clearing a TPM takes away for good all that belongs to its owner: the storage root key and every key and\n"
    "secret below it (disk encryption, VPN and TLS keys kept in the TPM among them), the device's hub key, what the\n"
    "owner stored in it, and the authorizations of owner, endorsement and lockout. The endorsement key can be made\n"
    "again, so the device keeps its identity and provisions anew after `muster tpm own`.";

int clear(const Program& program, const ClearCommand& command) {
  if (!command.confirmed) {
    return report_usage(
        program, {ErrorCode::kInvalidArgument,
                  fmt::format("Nothing was cleared.\n{}\nAdd --yes-clear-this-tpm to do it.", kWhatClearingLoses)});
  }
  auto tpm = open_tpm(command.tpm, program.environment);
  if (!tpm) return report_opening(program, tpm.error());
  const auto by = command.hierarchy == "platform" ? tpm::ClearBy::kPlatform : tpm::ClearBy::kLockout;
  if (auto cleared = tpm->clear(by); !cleared) return report(program, cleared.error());
  program.out << "The TPM was cleared. `muster tpm own` gives it an owner again.\n";
  return done();
}

void add_clear(CLI::App& noun, Selection& selection) {
  const auto [verb, command] =
      add_verb<ClearCommand>(noun, selection, clear,
                             {"clear", "Take everything of its owner out of a TPM, for good",
                              "  muster tpm clear --yes-clear-this-tpm --lockout-auth-file /root/lockout.auth\n"});
  add_tpm_options(*verb, command->tpm, TpmRights::kClear);
  as_choice(verb->add_option("--by", command->hierarchy, "Whose right to clear is used (default lockout)"),
            {"lockout", "platform"});
  verb->add_flag("--yes-clear-this-tpm", command->confirmed, "You know what is lost; without it that is shown");
}

}  // namespace

void add_tpm_device_verbs(CLI::App& noun, Selection& selection) {
  const auto showing = add_verb<TpmCommand>(
      noun, selection, show,
      {"show", "Show a TPM: the keys that an enrollment needs, its maker, its owner; changes nothing in it",
       "  muster tpm show\n"
       "  muster enrollment create --eid pump-0042 --attestation-type tpm \\\n"
       "    --endorsement-key \"$(muster tpm show -o json | jq -r .endorsementKey)\"\n"});
  add_tpm_options(*showing.app, showing.command->tpm, TpmRights::kKeys);
  add_output_option(*showing.app, showing.command->output);

  const auto owning = add_verb<OwnCommand>(
      noun, selection, own,
      {"own", "Make a TPM ready for a device: keep its endorsement and storage root key where devices look for them",
       "  muster tpm own\n"
       "  muster tpm own --tcti swtpm:host=127.0.0.1,port=2321\n"});
  add_tpm_options(*owning.app, owning.command->tpm, TpmRights::kKeys);
  owning.app->add_flag("--replace", owning.command->replace,
                       "Remove other objects that stand at the handles of these keys");
  add_output_option(*owning.app, owning.command->output);
  add_sas(noun, selection);
  add_clear(noun, selection);
}

}  // namespace muster::cli
