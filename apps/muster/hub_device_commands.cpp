#include <optional>
#include <string>
#include <utility>

#include "model/json.h"
#include "muster/commands.h"
#include "muster/entry_view.h"
#include "muster/hub_verbs.h"
#include "muster/table.h"

namespace muster::cli {
namespace {

namespace json = boost::json;

struct HubDeviceCommand : HubCommand {
  std::string etag = {};
  bool show_keys = false;
  int top = 100;
  std::string status = {};
  std::optional<std::string> status_reason = {};
  std::string tags = {};
  std::string desired = {};
  std::string method = {};
  std::string payload = "null";
  int response_timeout = 30;
  int connect_timeout = 0;
};

using HubAction = int (*)(const Program&, const HubDeviceCommand&, const HubClient&);

template <HubAction action>
int at_hub(const Program& program, const HubDeviceCommand& command) {
  const auto hub = connect_hub(program, command.client.connection, command.hub);
  return hub ? action(program, command, *hub) : report_connecting(program, hub.error());
}

/// What authentication.symmetricKey of an identity holds (hub-api.md 1.3).
void hide_keys(json::object& identity) {
  auto* authentication = identity.if_contains("authentication");
  if (authentication == nullptr || !authentication->is_object()) return;
  auto* keys = authentication->get_object().if_contains("symmetricKey");
  if (keys != nullptr && keys->is_object()) hide_key_members(keys->get_object());
}

int print_object(const Program& program, const HubDeviceCommand& command, const Result<json::object>& object) {
  if (!object) return report(program, object.error());
  return print(program, command.client.output, *object, [&](const json::value& value) {
    json::object shown = value.get_object();
    if (!command.show_keys) hide_keys(shown);
    return format_object(shown);
  });
}

// --- identities -----------------------------------------------------------------------------------------------------
int list_identities(const Program& program, const HubDeviceCommand& command, const HubClient& hub) {
  const auto devices = hub.identities(command.top);
  if (!devices) return report(program, devices.error());
  return print(program, command.client.output, *devices, [](const json::value& value) {
    return format_list({{"DEVICE", {"deviceId"}},
                        {"STATUS", {"status"}},
                        {"CONNECTION", {"connectionState"}},
                        {"AUTHENTICATION", {"authentication", "type"}},
                        {"LAST ACTIVITY", {"lastActivityTime"}}},
                       value.get_array());
  });
}

int show_identity(const Program& program, const HubDeviceCommand& command, const HubClient& hub) {
  return print_object(program, command, hub.identity(command.device_id));
}

int update_identity(const Program& program, const HubDeviceCommand& command, const HubClient& hub) {
  auto device = hub.identity(command.device_id);
  if (!device) return report(program, device.error());
  if (!command.status.empty()) (*device)["status"] = command.status;
  if (command.status_reason) (*device)["statusReason"] = *command.status_reason;
  // Nobody else's change in between is undone: the etag is the one that was read, unless another is given.
  const std::string etag = command.etag.empty() ? etag_of(*device) : command.etag;
  return print_object(program, command, hub.put_identity(*device, etag));
}

int run_update_identity(const Program& program, const HubDeviceCommand& command) {
  if (command.status.empty() && !command.status_reason) {
    return report_usage(program, {ErrorCode::kInvalidArgument, "Nothing to change was given."});
  }
  return at_hub<update_identity>(program, command);
}

int remove_identity(const Program& program, const HubDeviceCommand& command, const HubClient& hub) {
  const auto removed = hub.remove_identity(command.device_id, command.etag);
  return removed ? done() : report(program, removed.error());
}

// --- twins ----------------------------------------------------------------------------------------------------------
int show_twin(const Program& program, const HubDeviceCommand& command, const HubClient& hub) {
  return print_object(program, command, hub.twin(command.device_id));
}

Result<json::object> twin_patch(const HubDeviceCommand& command) {
  json::object patch;
  if (!command.tags.empty()) {
    auto tags = model::parse_json_object(command.tags);
    if (!tags) return invalid("--tags must be a JSON object: " + tags.error().message);
    patch["tags"] = *std::move(tags);
  }
  if (!command.desired.empty()) {
    auto desired = model::parse_json_object(command.desired);
    if (!desired) return invalid("--desired must be a JSON object: " + desired.error().message);
    patch["properties"] = json::object{{"desired", *std::move(desired)}};
  }
  if (patch.empty()) return invalid("Nothing to change was given.");
  return patch;
}

int update_twin(const Program& program, const HubDeviceCommand& command) {
  const auto patch = twin_patch(command);
  if (!patch) return report_usage(program, patch.error());
  const auto hub = connect_hub(program, command.client.connection, command.hub);
  if (!hub) return report_connecting(program, hub.error());
  return print_object(program, command, hub->patch_twin(command.device_id, *patch, command.etag));
}

// --- methods --------------------------------------------------------------------------------------------------------
int invoke_method(const Program& program, const HubDeviceCommand& command) {
  auto payload = model::parse_json(command.payload);
  if (!payload) {
    return report_usage(program,
                        {ErrorCode::kInvalidArgument, "--method-payload must be JSON: " + payload.error().message});
  }
  const auto hub = connect_hub(program, command.client.connection, command.hub);
  if (!hub) return report_connecting(program, hub.error());
  return print_object(program, command,
                      hub->invoke_method(command.device_id, {{"methodName", command.method},
                                                             {"payload", *std::move(payload)},
                                                             {"responseTimeoutInSeconds", command.response_timeout},
                                                             {"connectTimeoutInSeconds", command.connect_timeout}}));
}

using HubVerb = Verb<HubDeviceCommand>;

void add_show_keys(const HubVerb& verb) {
  verb.app->add_flag("--show-keys", verb.command->show_keys, "Show keys in the table, too");
}

void add_identities(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "device-identity", "Devices of a hub: who may connect to it");
  const auto add = [&](auto action, const VerbText& text) { return add_hub_verb(*noun, selection, action, text); };
  const auto listing =
      add(at_hub<list_identities>, {"list", "List devices of a hub", "  muster device-identity list --top 1000\n"});
  as_number(listing.app->add_option("--top", listing.command->top, "So many at most (default 100)"), 1, 1000);

  add_show_keys(with_device(add(at_hub<show_identity>, {"show", "Show a device of a hub",
                                                        "  muster device-identity show --device-id pump-0042\n"})));

  const auto updating = with_device(
      add(run_update_identity, {"update", "Let a device in or keep it out: it loses its connection at once",
                                "  muster device-identity update --device-id pump-0042 --status disabled\n"}));
  as_choice(updating.app->add_option("--status", updating.command->status, "Whether it may connect"),
            {"enabled", "disabled"});
  updating.app->add_option("--status-reason", updating.command->status_reason, "Why, for people")->type_name("TEXT");
  add_etag_option(*updating.app, updating.command->etag);
  add_show_keys(updating);

  const auto removing =
      with_device(add(at_hub<remove_identity>, {"delete", "Delete a device of a hub, with its twin",
                                                "  muster device-identity delete --device-id pump-0042\n"}));
  add_etag_option(*removing.app, removing.command->etag);
}

void add_twins(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "device-twin", "Twins of a hub's devices: tags, desired and reported properties");
  const auto add = [&](auto action, const VerbText& text) { return add_hub_verb(*noun, selection, action, text); };
  with_device(add(at_hub<show_twin>,
                  {"show", "Show a device's twin", "  muster device-twin show --device-id pump-0042 -o json\n"}));
  const auto updating = with_device(
      add(update_twin, {"update", "Change tags and desired properties: what is given, all else stays; null removes",
                        "  muster device-twin update --device-id pump-0042 --tags '{\"site\":\"north\"}'\n"
                        "  muster device-twin update --device-id pump-0042 --desired '{\"interval\":30}'\n"}));
  updating.app->add_option("--tags", updating.command->tags, "Tags")->type_name("JSON");
  updating.app->add_option("--desired", updating.command->desired, "Desired properties")->type_name("JSON");
  add_etag_option(*updating.app, updating.command->etag);
}

void add_methods(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "device-method", "Direct methods of a hub's devices");
  const auto invoking = with_device(add_hub_verb(
      *noun, selection, invoke_method,
      {"invoke", "Call a method of a connected device and show its answer",
       "  muster device-method invoke --device-id pump-0042 --method-name reboot\n"
       "  muster device-method invoke --device-id pump-0042 --method-name log --method-payload '{\"lines\":10}'\n"}));
  HubDeviceCommand& command = *invoking.command;
  invoking.app->add_option("--method-name,--mn", command.method, "The method")->required()->type_name("NAME");
  invoking.app->add_option("--method-payload,--mp", command.payload, "What it is told (default null)")
      ->type_name("JSON");
  as_number(invoking.app->add_option("--timeout,--to", command.response_timeout,
                                     "Seconds the device may take to answer (default 30)"),
            5, 300);
  as_number(invoking.app->add_option("--connect-timeout", command.connect_timeout,
                                     "Seconds to wait for a device that is away (default 0)"),
            0, 300);
}

}  // namespace

void add_hub_device_commands(CLI::App& app, Selection& selection) {
  add_identities(app, selection);
  add_twins(app, selection);
  add_methods(app, selection);
}

}  // namespace muster::cli
