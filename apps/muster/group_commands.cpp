#include "base/bytes.h"
#include "crypto/digest.h"
#include "muster/commands.h"
#include "muster/entry_commands.h"
#include "muster/registration_commands.h"
#include "muster/transfer_commands.h"
#include "muster/verb.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;

struct DeviceKeyCommand {
  ClientOptions client = {};
  std::string group_id = {};
  std::string registration_id = {};
  std::string key = {};
};

/// The group's primary key as the service has it.
Result<std::string> fetch_master_key(const ServiceClient& service, const std::string& group_id) {
  auto attestation = service.attestation(EnrollmentKind::kGroup, group_id);
  if (!attestation) return std::unexpected(attestation.error());
  const auto* object = attestation->if_object();
  const auto* keys = object == nullptr ? nullptr : object->if_contains("symmetricKey");
  const auto* key = keys == nullptr || !keys->is_object() ? nullptr : keys->get_object().if_contains("primaryKey");
  if (key == nullptr || !key->is_string()) {
    return fail(ErrorCode::kConflict, "The group has no symmetric keys to derive a device key from.");
  }
  return std::string(key->get_string());
}

int print_device_key(const Program& program, const DeviceKeyCommand& command, const std::string& master) {
  auto octets = from_base64(master);
  if (!octets || octets->empty()) return report_usage(program, {ErrorCode::kInvalidArgument, "The key is not base64."});
  const SecretBytes device_key = crypto::derive_device_key(SecretBytes(*std::move(octets)), command.registration_id);
  const std::string text = to_base64(device_key.reveal());
  return print(program, command.client.output, boost::json::value(boost::json::string(text)),
               [&](const auto&) { return text + "\n"; });
}

int compute_device_key(const Program& program, const DeviceKeyCommand& command) {
  if (!command.key.empty()) return print_device_key(program, command, command.key);
  if (command.group_id.empty()) {
    return report_usage(program,
                        {ErrorCode::kInvalidArgument, "Give --group-id, or --key to work without the service."});
  }
  const auto service = connect_service(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto master = fetch_master_key(*service, command.group_id);
  return master ? print_device_key(program, command, *master) : report(program, master.error());
}

void add_compute_device_key(CLI::App& noun, Selection& selection) {
  const auto [verb, command] =
      add_client_verb(noun, selection, compute_device_key,
                      {"compute-device-key", "The symmetric key of one device of a group",
                       "  muster group compute-device-key --gid line7 --registration-id pump-0042\n"
                       "  muster group compute-device-key --key \"$GROUP_KEY\" --registration-id pump-0042\n"});
  verb->add_option(id_option(EnrollmentKind::kGroup), command->group_id, "The group whose primary key is used")
      ->type_name("ID");
  verb->add_option("--registration-id,--rid", command->registration_id, "The device, spelt as it registers")
      ->required()
      ->type_name("ID");
  verb->add_option("--key", command->key, "The group's key; the service is not asked")->type_name("BASE64");
}

}  // namespace

void add_group_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "group", "Enrollment groups: devices that share an attestation");
  noun->alias("enrollment-group");
  add_entry_verbs(*noun, EnrollmentKind::kGroup, selection);
  add_import_verb(*noun, EnrollmentKind::kGroup, selection);
  add_export_verb(*noun, EnrollmentKind::kGroup, selection);
  add_bulk_verb(*noun, EnrollmentKind::kGroup, selection);
  add_registration_noun(*noun, EnrollmentKind::kGroup, selection);
  add_compute_device_key(*noun, selection);
}

}  // namespace muster::cli
