#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "muster/commands.h"
#include "muster/hub_verbs.h"
#include "muster/table.h"

namespace muster::cli {
namespace {

namespace json = boost::json;

struct HubMessageCommand : HubCommand {
  std::string data = {};
  std::vector<std::string> properties = {};
  std::string message_id = {};
  std::string correlation_id = {};
  std::string content_type = {};
  std::optional<int> expiry_seconds = {};
  std::string ack = "none";
};

int print_outcome(const Program& program, const HubMessageCommand& command, const Result<json::object>& object) {
  if (!object) return report(program, object.error());
  return print(program, command.client.output, *object,
               [](const json::value& value) { return format_object(value.get_object()); });
}

/// The headers that a hub reads a message's properties from (hub-api.md 4).
Result<HttpHeaders> message_headers(const HubMessageCommand& command, TimePoint now) {
  HttpHeaders out{{"iothub-ack", command.ack}};
  const auto add = [&out](const char* header, const std::string& value) {
    if (!value.empty()) out.emplace_back(header, value);
  };
  add("Content-Type", command.content_type);
  add("iothub-messageid", command.message_id);
  add("iothub-correlationid", command.correlation_id);
  if (command.expiry_seconds) add("iothub-expiry", format_time(now + std::chrono::seconds(*command.expiry_seconds)));
  for (const std::string& property : command.properties) {
    const auto equals = property.find('=');
    if (equals == std::string::npos || equals == 0) return invalid("--props must be NAME=VALUE.");
    out.emplace_back("iothub-app-" + property.substr(0, equals), property.substr(equals + 1));
  }
  return out;
}

int send_message(const Program& program, const HubMessageCommand& command) {
  auto headers = message_headers(command, program.clock.now());
  if (!headers) return report_usage(program, headers.error());
  const auto hub = connect_hub(program, command.client.connection, command.hub);
  if (!hub) return report_connecting(program, hub.error());
  const auto sent = hub->send_message(command.device_id, command.data, *std::move(headers));
  if (!sent) return report(program, sent.error());
  return print_outcome(program, command, json::object{{"messageId", *sent}});
}

int purge_messages(const Program& program, const HubMessageCommand& command) {
  const auto hub = connect_hub(program, command.client.connection, command.hub);
  if (!hub) return report_connecting(program, hub.error());
  return print_outcome(program, command, hub->purge_messages(command.device_id));
}

}  // namespace

void add_hub_message_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "device-message", "Messages to a hub's devices, which wait until the device comes");
  const auto add = [&](auto action, const VerbText& text) {
    return with_device(add_hub_verb(*noun, selection, action, text));
  };
  const auto sending = add(
      send_message, {"send", "Send a message to a device, and show its id",
                     "  muster device-message send --device-id pump-0042 --data '{\"valve\":\"shut\"}'\n"
                     "  muster device-message send --device-id pump-0042 --data hello --props level=3 --ack full\n"});
  HubMessageCommand& command = *sending.command;
  CLI::App& verb = *sending.app;
  verb.add_option("--data,--da", command.data, "What it says")->required()->type_name("TEXT");
  verb.add_option("--props,-p", command.properties, "Its properties")->type_name("NAME=VALUE");
  verb.add_option("--message-id,--mid", command.message_id, "Its id (default a new one)")->type_name("ID");
  verb.add_option("--correlation-id,--cid", command.correlation_id, "What it belongs to")->type_name("ID");
  verb.add_option("--content-type,--ct", command.content_type, "Of what it says")->type_name("TYPE");
  as_number(verb.add_option("--expiry-seconds", command.expiry_seconds, "How long it waits (default 3600)"), 1,
            172'800);
  as_choice(verb.add_option("--ack", command.ack, "Which of its ends the hub's events tell (default none)"),
            {"none", "positive", "negative", "full"});

  add(purge_messages,
      {"purge", "Drop the messages that wait for a device", "  muster device-message purge --device-id pump-0042\n"});
}

}  // namespace muster::cli
