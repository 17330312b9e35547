#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "muster/commands.h"
#include "muster/connect_signed.h"
#include "muster/explain_view.h"
#include "muster/table.h"
#include "muster/verb.h"
#include "wire/percent.h"

namespace muster::cli {
namespace {

struct WebhookCommand {
  ClientOptions client = {};
  std::string enrollment = {};
  std::string group = {};
  std::string device = {};
  std::string payload = {};
  int top = 10;
};

int list(const Program& program, const WebhookCommand& command) {
  const auto service = connect_signed(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto webhooks = service->fetch({.method = "GET", .path = "/webhooks"});
  if (!webhooks) return report(program, webhooks.error());
  if (!webhooks->is_array()) return report(program, {ErrorCode::kInternal, "The service sent no webhooks."});
  return print(program, command.client.output, *webhooks, [](const auto& value) {
    return format_list({{"WEBHOOK", {"webhook"}},
                        {"CIRCUIT", {"circuit"}},
                        {"FAILURES IN A ROW", {"failuresInARow"}},
                        {"ANSWERED", {"succeeded"}},
                        {"FAILED", {"failed"}}},
                       value.get_array());
  });
}

int exchanges(const Program& program, const WebhookCommand& command) {
  const auto service = connect_signed(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  std::string path = "/webhooks/exchanges";
  if (!command.device.empty()) path += "?registrationId=" + wire::percent_encode(command.device);
  const auto found = service->fetch(
      {.method = "GET", .path = path, .headers = {{"x-ms-max-item-count", std::to_string(command.top)}}});
  if (!found) return report(program, found.error());
  if (!found->is_array()) return report(program, {ErrorCode::kInternal, "The service sent no exchanges."});
  return print(program, command.client.output, *found, [](const auto& value) {
    return format_list({{"AT (UTC)", {"timestampUtc"}},
                        {"REGISTRATION ID", {"registrationId"}},
                        {"WEBHOOK", {"webhook"}},
                        {"STATUS", {"status"}},
                        {"MS", {"durationMs"}},
                        {"VERDICT", {"verdict"}}},
                       value.get_array());
  });
}

Result<boost::json::object> test_body(const WebhookCommand& command) {
  if (command.enrollment.empty() == command.group.empty()) return invalid("Give --enrollment-id or --group-id.");
  boost::json::object body;
  body[command.group.empty() ? "enrollmentId" : "enrollmentGroupId"] =
      command.group.empty() ? command.enrollment : command.group;
  if (!command.device.empty()) body["registrationId"] = command.device;
  if (command.payload.empty()) return body;
  auto payload = model::parse_json(command.payload, "--payload");
  if (!payload) return std::unexpected(payload.error());
  body["payload"] = *std::move(payload);
  return body;
}

std::string format_trial(const boost::json::object& trial) {
  std::string out = format_webhook_trial(trial);
  for (const auto& [member, title] : {std::pair("request", "Request"), std::pair("response", "Answer")}) {
    if (const auto* value = trial.if_contains(member)) out += fmt::format("\n{}:\n{}", title, pretty_json(*value));
  }
  return out;
}

int test(const Program& program, const WebhookCommand& command) {
  const auto body = test_body(command);
  if (!body) return report_usage(program, body.error());
  const auto service = connect_signed(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  const auto trial =
      service->fetch({.method = "POST", .path = "/webhooks/test", .body = boost::json::serialize(*body)});
  if (!trial) return report(program, trial.error());
  if (!trial->is_object()) return report(program, {ErrorCode::kInternal, "The service sent no result."});
  const int printed =
      print(program, command.client.output, *trial, [](const auto& value) { return format_trial(value.get_object()); });
  const auto* assigns = trial->get_object().if_contains("assigns");
  const bool good = assigns != nullptr && assigns->is_bool() && assigns->get_bool();
  return good ? printed : static_cast<int>(ExitCode::kRefused);
}

}  // namespace

void add_webhook_commands(CLI::App& app, Selection& selection) {
  CLI::App* noun = add_noun(app, "webhook", "Webhooks that choose hubs for devices (allocation policy custom)");
  add_client_verb(*noun, selection, list,
                  {"list", "How the webhooks that were called lately are doing", "  muster webhook list\n"});
  const auto exchanging = add_client_verb(*noun, selection, exchanges,
                                          {"exchanges", "What webhooks were asked and answered last",
                                           "  muster webhook exchanges --top 5\n"
                                           "  muster webhook exchanges --rid pump-0042 -o json\n"});
  exchanging.app->add_option("--registration-id,--rid", exchanging.command->device, "Only about this device")
      ->type_name("ID");
  as_number(exchanging.app->add_option("--top", exchanging.command->top, "At most this many (default 10)"), 1, 1000);
  const auto testing =
      add_client_verb(*noun, selection, test,
                      {"test", "Ask the webhook of an enrollment as if a device registered; nothing comes of it",
                       "  muster webhook test --eid pump-0042\n"
                       "  muster webhook test --gid line7 --rid pump-0042 --payload '{\"model\":\"pump-3\"}'\n"});
  testing.app->add_option("--enrollment-id,--eid", testing.command->enrollment, "An individual enrollment")
      ->type_name("ID");
  testing.app->add_option("--group-id,--gid", testing.command->group, "An enrollment group")->type_name("ID");
  testing.app->add_option("--registration-id,--rid", testing.command->device, "The device, with --group-id")
      ->type_name("ID");
  testing.app->add_option("--payload", testing.command->payload, "What the device sends along")->type_name("JSON");
}

}  // namespace muster::cli
