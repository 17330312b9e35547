#include <memory>
#include <utility>

#include "muster/commands.h"
#include "muster/device_amqp.h"
#include "muster/device_channel.h"
#include "muster/device_connect.h"
#include "muster/device_http.h"
#include "muster/device_mqtt.h"
#include "muster/device_options.h"
#include "muster/device_registration.h"
#include "muster/device_tpm.h"
#include "muster/sasl_tpm.h"
#include "muster/table.h"
#include "muster/tpm_options.h"

namespace muster::cli {
namespace {

struct RegisterCommand {
  ClientOptions client = {};
  DeviceOptions device = {};
  TpmOptions tpm = {};
  tpm::Handle device_key = tpm::kDeviceKeyHandle;
};

/// What a device has: its registration, and the key in its TPM when that proves it.
struct DeviceSide {
  DeviceRegistration registration = {};
  std::unique_ptr<ActivatedKey> key = {};
};

HttpClientOptions network_options(const Program& program, const RegisterCommand& command,
                                  const DeviceRegistration& device) {
  HttpClientOptions out = http_options(command.client.connection, program.environment);
  out.certificate = command.device.certificate;
  out.private_key = command.device.private_key;
  out.timeout = device.timeout;
  return out;
}

Result<std::unique_ptr<DeviceTransport>> make_http(const Program& program, const DeviceSide& side,
                                                   const HttpClientOptions& network) {
  const DeviceRegistration& device = side.registration;
  HttpSend send = program.make_send(network);
  if (!side.key) return std::make_unique<HttpDevice>(device, std::move(send), program.clock);
  return std::make_unique<HttpDevice>(
      device, std::move(send), [&program, &side] { return tpm_token(side.registration, *side.key, program.clock); });
}

std::unique_ptr<DeviceTransport> make_amqp(const Program& program, const DeviceSide& side, OpenChannel open) {
  const DeviceRegistration& device = side.registration;
  if (!side.key) return std::make_unique<AmqpDevice>(device, std::move(open), program.clock);
  return std::make_unique<AmqpDevice>(device, std::move(open), program.clock, [&program, &side] {
    return std::make_unique<SaslTpm>(side.registration, *side.key, program.clock);
  });
}

/// The protocol that was asked for; program and device outlive it.
Result<std::unique_ptr<DeviceTransport>> make_protocol(const Program& program, const DeviceSide& side,
                                                       HttpClientOptions network) {
  const DeviceRegistration& device = side.registration;
  if (device.transport == "http") return make_http(program, side, network);
  auto open = channel_to(program, device.host, device.transport, std::move(network));
  if (!open) return std::unexpected(open.error());
  if (device.transport.starts_with("amqp")) return make_amqp(program, side, *std::move(open));
  return std::make_unique<MqttDevice>(device, *std::move(open), program.clock);
}

Result<std::unique_ptr<DeviceTransport>> make_transport(const Program& program, const DeviceSide& side,
                                                        HttpClientOptions network) {
  auto transport = make_protocol(program, side, std::move(network));
  if (!transport || !side.key) return transport;
  return std::make_unique<TpmDevice>(*std::move(transport), *side.key);
}

/// The key in the TPM, and what it tells the service; nothing for a device that proves itself otherwise.
Result<std::unique_ptr<ActivatedKey>> open_key(const Program& program, const RegisterCommand& command,
                                               DeviceOptions& options) {
  if (options.attestation.empty()) return nullptr;
  auto tpm = open_tpm(command.tpm, program.environment);
  if (!tpm) return std::unexpected(tpm.error());
  if (auto free = tpm->may_keep_at(command.device_key); !free) return std::unexpected(free.error());
  auto keys = read_public_keys(*tpm);
  if (!keys) return std::unexpected(keys.error());
  options.tpm_keys = *std::move(keys);
  return std::make_unique<KeyInTpm>(*std::move(tpm), command.device_key);
}

int register_one(const Program& program, const RegisterCommand& command) {
  DeviceOptions options = command.device;
  if (auto checked = check_attestation(options); !checked) return report_usage(program, checked.error());
  auto key = open_key(program, command, options);
  if (!key) return report_opening(program, key.error());
  auto registration = read_device_registration(options);
  if (!registration) return report_usage(program, registration.error());

  const DeviceSide side{*std::move(registration), *std::move(key)};
  const DeviceRegistration& device = side.registration;
  auto transport = make_transport(program, side, network_options(program, command, device));
  if (!transport) return report_usage(program, transport.error());
  const auto outcome = register_device(device, **transport, program.clock, program.sleep);
  if (!outcome) return report(program, outcome.error());

  print(program, command.client.output, outcome_json(device, *outcome),
        [](const auto& value) { return format_object(value.get_object()); });
  return static_cast<int>(outcome->status == "assigned" ? ExitCode::kOk : ExitCode::kRefused);
}

void add_register(CLI::App& noun, Selection& selection) {
  auto command = std::make_shared<RegisterCommand>();
  CLI::App* verb = add_verb(noun, "register", "Register as a device does and show where it was assigned",
                            "  muster device register --provisioning-host dps.example.net --id-scope 0ne0012ABCD \\\n"
                            "    --registration-id pump-0042 --symmetric-key \"$KEY\"\n"
                            "  muster device register --provisioning-host dps.example.net --id-scope 0ne0012ABCD \\\n"
                            "    --certificate pump-0042.pem --private-key pump-0042.key\n"
                            "  muster device register --provisioning-host dps.example.net --id-scope 0ne0012ABCD \\\n"
                            "    --attestation tpm\n");
  DeviceOptions& device = command->device;
  const auto add = [&](const char* name, std::string& target, const char* help, const char* type) {
    return verb->add_option(name, target, help)->type_name(type);
  };
  add("--provisioning-host", device.provisioning_host, "Where devices register", "HOST[:PORT]")->required();
  add("--id-scope", device.id_scope, "ID scope of the service", "SCOPE")->required();
  add("--registration-id,--rid", device.registration_id,
      "The device; default: the certificate's common name, or made of the TPM's key", "ID");
  add_credential_options(*verb, device, command->device_key);
  add("--api-version", device.api_version, "Version to speak (default 2021-06-01)", "VERSION");
  verb->add_option("--payload", device.payload, "What the device tells custom allocation")->type_name("JSON");
  as_choice(verb->add_option("--transport", device.transport, "Protocol (default http)"),
            {"http", "mqtt", "mqtt-ws", "amqp", "amqp-ws"});
  as_number(verb->add_option("--timeout", device.timeout_seconds, "Seconds until it gives up (default 60)"), 1, 3600);
  add_tpm_options(*verb, command->tpm, TpmRights::kKeys);
  add_network_options(*verb, command->client.connection);
  add_output_option(*verb, command->client.output);
  verb->callback([&selection, command] {
    selection.run = [&program = selection.program, command] { return register_one(program, *command); };
  });
}

}  // namespace

void add_device_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "device", "A simulated device");
  add_register(*noun, selection);
  add_device_connect(*noun, selection);
}

}  // namespace muster::cli
