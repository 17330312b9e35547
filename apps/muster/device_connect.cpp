#include "muster/device_connect.h"

#include <memory>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "muster/device_channel.h"
#include "muster/device_options.h"
#include "muster/device_simulation.h"
#include "muster/table.h"
#include "muster/tpm_options.h"
#include "muster/verb.h"
#include "wire/sas_token.h"

namespace muster::cli {
namespace {

/// The hub ends the connection when the token runs out (hub-api.md 2.4); a simulation is not meant to outlast it.
constexpr std::chrono::days kTokenLife{30};

struct ConnectCommand {
  ClientOptions client = {};
  DeviceOptions device = {};
  TpmOptions tpm = {};
  tpm::Handle device_key = tpm::kDeviceKeyHandle;
  std::string hub = {};
  SimulationPlan plan = {.data = R"({"temperature":21})"};
  int interval_seconds = 3;
  int timeout_seconds = 60;
  std::optional<int> duration_seconds = {};
};

HttpClientOptions network_options(const Program& program, const ConnectCommand& command) {
  HttpClientOptions out = http_options(command.client.connection, program.environment);
  out.certificate = command.device.certificate;
  out.private_key = command.device.private_key;
  out.timeout = std::chrono::seconds(command.timeout_seconds);
  return out;
}

/// "" for a device with a certificate.
Result<std::string> hub_token(const Program& program, const ConnectCommand& command, const HubLogin& login) {
  const std::string resource = fmt::format("{}/devices/{}", login.hub, login.device_id);
  const TimePoint expiry = program.clock.now() + kTokenLife;
  if (!command.device.attestation.empty()) {
    auto tpm = open_tpm(command.tpm, program.environment);
    if (!tpm) return std::unexpected(tpm.error());
    return wire::sign_sas_token(
        resource, [&](ByteView text) { return tpm->hmac_at(command.device_key, text); }, expiry, "");
  }
  const auto device = read_device_registration(command.device);
  if (!device) return std::unexpected(device.error());
  return device->key.empty() ? "" : wire::make_sas_token(resource, device->key, expiry, "");
}

/// One line for each thing that happens, as it happens.
SimulationLog line_writer(const Program& program, OutputFormat format) {
  return [&program, format](const boost::json::object& event) {
    if (format == OutputFormat::kJson) {
      program.out << boost::json::serialize(event) << std::endl;
      return;
    }
    std::string line(event.at("event").get_string());
    for (const auto& [name, value] : event) {
      if (name == "event") continue;
      line += fmt::format("  {} {}", std::string_view(name),
                          value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value));
    }
    program.out << printable(std::move(line)) << std::endl;
  };
}

int simulate(const Program& program, const ConnectCommand& command, const OpenChannel& open, const HubLogin& login) {
  auto channel = open();
  if (!channel) return report(program, channel.error());
  auto session = HubSession::open(*std::move(channel), login);
  if (!session) return report(program, session.error());
  const SimulationLog log = line_writer(program, command.client.output);
  log({{"event", "connected"}, {"hub", login.hub}, {"deviceId", login.device_id}});
  const auto done = DeviceSimulation(**session, command.plan, program.clock, log).run();
  if (!done) return report(program, done.error());
  if (*done || !command.plan.has_end()) return static_cast<int>(ExitCode::kOk);
  program.err << "muster: The time was over before all was done.\n";
  return static_cast<int>(ExitCode::kRefused);
}

Result<void> complete(ConnectCommand& command) {
  command.plan.interval = std::chrono::seconds(command.interval_seconds);
  if (command.duration_seconds) command.plan.duration = std::chrono::seconds(*command.duration_seconds);
  if (auto payload = model::parse_json(command.plan.method_payload); !payload) {
    return invalid(fmt::format("--method-response-payload must be JSON: {}", payload.error().message));
  }
  // What proves a device is told in the same words as for its registration; the transport there is another matter.
  command.device.transport = "http";
  return check_attestation(command.device);
}

int connect(const Program& program, const ConnectCommand& given) {
  ConnectCommand command = given;
  const std::string transport = std::exchange(command.device.transport, "");
  if (auto completed = complete(command); !completed) return report_usage(program, completed.error());
  const auto host = parse_host_port(command.hub, 1);
  if (!host) return report_usage(program, host.error());
  HubLogin login{.hub = host->host, .device_id = command.device.registration_id, .token = {}};
  auto token = hub_token(program, command, login);
  if (!token) return report_opening(program, token.error());
  login.token = *std::move(token);
  auto open = channel_to(program, command.hub, transport, network_options(program, command));
  if (!open) return report_usage(program, open.error());
  return simulate(program, command, *open, login);
}

void add_plan_options(CLI::App& verb, ConnectCommand& command) {
  verb.add_option("--data,--da", command.plan.data, "What each message says")->type_name("TEXT");
  as_number(verb.add_option("--msg-count,--mc", command.plan.messages, "Messages to send (default none)"), 0,
            1'000'000'000);
  as_number(verb.add_option("--msg-interval,--mi", command.interval_seconds, "Seconds between them (default 3)"), 0,
            86'400);
  as_number(verb.add_option("--method-response-code,--mrc", command.plan.method_status,
                            "Status of its answers to methods (default 200)"),
            -2'147'483'647, 2'147'483'647);
  verb.add_option("--method-response-payload,--mrp", command.plan.method_payload, "What they say (default null)")
      ->type_name("JSON");
  as_number(verb.add_option("--method-count", command.plan.methods, "Ends when so many methods were answered"), 1,
            1'000'000'000);
  as_number(verb.add_option("--for", command.duration_seconds, "Ends after so many seconds"), 1, 31'536'000);
  as_number(verb.add_option("--timeout", command.timeout_seconds, "Seconds to wait for the hub (default 60)"), 1, 3600);
}

}  // namespace

void add_device_connect(CLI::App& noun, Selection& selection) {
  const auto verb = add_verb<ConnectCommand>(
      noun, selection, connect,
      {"connect", "Connect to a hub as a device does, send telemetry and answer methods",
       "  muster device connect --hub-name hub.dps.example.net --device-id pump-0042 --symmetric-key \"$KEY\"\n"
       "  muster device connect --hub-name hub.dps.example.net --device-id pump-0042 \\\n"
       "    --certificate pump-0042.pem --private-key pump-0042.key --msg-count 10 --data '{\"rpm\":900}'\n"});
  CLI::App& app = *verb.app;
  ConnectCommand& command = *verb.command;
  app.add_option("--hub-name,--hub", command.hub, "The hub that the device was assigned to")
      ->required()
      ->type_name("HOST[:PORT]");
  app.add_option("--device-id,-d", command.device.registration_id, "The device")->required()->type_name("ID");
  command.device.transport = "mqtt";
  as_choice(app.add_option("--transport", command.device.transport, "Protocol (default mqtt)"), {"mqtt", "mqtt-ws"});
  add_credential_options(app, command.device, command.device_key);
  add_plan_options(app, command);
  add_tpm_options(app, command.tpm, TpmRights::kNone);
  add_network_options(app, command.client.connection);
  add_output_option(app, command.client.output);
}

}  // namespace muster::cli
