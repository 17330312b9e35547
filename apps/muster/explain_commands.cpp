#include <memory>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "muster/answer.h"
#include "muster/commands.h"
#include "muster/connect_signed.h"
#include "muster/explain_view.h"
#include "muster/files.h"
#include "wire/percent.h"

namespace muster::cli {
namespace {

struct ExplainCommand {
  ClientOptions client = {};
  std::string what = {};
  std::string registration_id = {};
  std::string chain = {};
  std::string token = {};
  bool failed = false;
  int top = 10;

  [[nodiscard]] bool is_dry_run() const { return !chain.empty() || !token.empty() || !registration_id.empty(); }
};

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

/// "5d6f3e5e-52a7-7f1a-9e55-6b2b0f8f6a11".
bool is_tracking_id(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return false;
    if (!dash) digits.push_back(text[i]);
  }
  return digits.size() == 32 && is_hex(digits);
}

/// The digits of a SHA-256 or SHA-1, with or without colons; empty when the text is neither.
std::string thumbprint_of(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c != ':') digits.push_back(c);
  }
  return is_hex(digits) && (digits.size() == 64 || digits.size() == 40) ? digits : std::string();
}

int show_one(const Program& program, const ExplainCommand& command, const Result<boost::json::value>& attempt) {
  if (!attempt) return report(program, attempt.error());
  if (!attempt->is_object()) return report(program, {ErrorCode::kInternal, "The service sent no attempt."});
  return print(program, command.client.output, *attempt,
               [](const auto& value) { return format_attempt(value.get_object()); });
}

Result<boost::json::object> dry_run_body(const ExplainCommand& command) {
  boost::json::object body;
  if (!command.registration_id.empty()) body["registrationId"] = command.registration_id;
  if (!command.token.empty()) body["token"] = command.token;
  if (command.chain.empty()) return body;
  const auto text = read_file(command.chain);
  if (!text) return std::unexpected(text.error());
  const auto chain = crypto::Certificate::chain_from_pem(*text);
  if (!chain) return invalid(fmt::format("{}: {}", command.chain, chain.error().message));
  // Only what was parsed is sent: a private key in the same file stays here.
  std::string pem;
  for (const crypto::Certificate& certificate : *chain) pem += certificate.to_pem();
  body["certificates"] = pem;
  return body;
}

int dry_run(const Program& program, const ExplainCommand& command, const SignedClient& service) {
  const auto body = dry_run_body(command);
  if (!body) return report_usage(program, body.error());
  return show_one(program, command,
                  service.fetch({.method = "POST", .path = "/attempts/dryRun", .body = boost::json::serialize(*body)}));
}

/// The newest first; one alone is shown in full when a device or certificate was asked for.
int list(const Program& program, const ExplainCommand& command, const SignedClient& service) {
  std::string path = fmt::format("/attempts?outcome={}", command.failed ? "failed" : "any");
  const std::string thumbprint = thumbprint_of(command.what);
  if (thumbprint.size() == 40) {
    return report_usage(program, {ErrorCode::kInvalidArgument, "Attempts know SHA-256 thumbprints (64 digits) only."});
  }
  if (!thumbprint.empty()) {
    path += "&thumbprint=" + thumbprint;
  } else if (!command.what.empty()) {
    path += "&registrationId=" + wire::percent_encode(command.what);
  }
  const auto attempts =
      service.fetch({.method = "GET", .path = path, .headers = {{"x-ms-max-item-count", std::to_string(command.top)}}});
  if (!attempts) return report(program, attempts.error());
  if (!attempts->is_array()) return report(program, {ErrorCode::kInternal, "The service sent no attempts."});
  if (attempts->get_array().empty() && !command.what.empty()) {
    return report(program, {ErrorCode::kNotFound,
                            "No attempt is kept. The device did not reach this service, or that was too long ago; "
                            "`muster explain --registration-id ID` tells what would happen now."});
  }
  return print(program, command.client.output, *attempts, [&](const auto& value) {
    const auto& items = value.get_array();
    if (command.what.empty()) return format_attempts(items);
    std::string out = format_attempt(items.front().get_object());
    if (items.size() > 1)
      out += "\nBefore that:\n" + format_attempts(boost::json::array(items.begin() + 1, items.end()));
    return out;
  });
}

int explain(const Program& program, const ExplainCommand& command) {
  if (command.is_dry_run() && !command.what.empty()) {
    return report_usage(program, {ErrorCode::kInvalidArgument,
                                  "Give what happened (an id) or what might happen (--registration-id, --chain, "
                                  "--token), not both."});
  }
  const auto service = connect_signed(program, command.client.connection);
  if (!service) return report_usage(program, service.error());
  if (command.is_dry_run()) return dry_run(program, command, *service);
  if (is_tracking_id(command.what)) {
    return show_one(program, command, service->fetch({.method = "GET", .path = "/attempts/" + to_lower(command.what)}));
  }
  return list(program, command, *service);
}

}  // namespace

void add_explain_command(CLI::App& app, Selection& selection) {
  auto command = std::make_shared<ExplainCommand>();
  CLI::App* verb = add_verb(app, "explain", "Why a device was refused, or what would happen if it registered",
                            "  muster explain                         what devices tried last\n"
                            "  muster explain --failed --top 50       only what did not get through\n"
                            "  muster explain pump-0042               the last tries of a device\n"
                            "  muster explain TRACKING-ID             one try, from a device's or the service's log\n"
                            "  muster explain --chain device.pem      dry run with a certificate and its chain\n"
                            "  muster explain --token \"$TOKEN\"        dry run with a device's token\n"
                            "  muster explain --registration-id ID    which enrollment stands for a device\n");
  verb->add_option("what", command->what, "Tracking id, registration id or SHA-256 thumbprint");
  verb->add_flag("--failed", command->failed, "Only tries that did not get the device to a hub");
  as_number(verb->add_option("--top", command->top, "At most this many (default 10)"), 1, 1000);
  verb->add_option("--registration-id,--rid", command->registration_id, "Dry run: the device")->type_name("ID");
  verb->add_option("--chain", command->chain, "Dry run: the device's certificate and its chain (PEM)")
      ->type_name("FILE");
  verb->add_option("--token", command->token, "Dry run: a token as the device sends it")->type_name("TEXT");
  add_client_options(*verb, command->client);
  verb->callback([&selection, command] {
    selection.run = [&program = selection.program, command] { return explain(program, *command); };
  });
}

}  // namespace muster::cli
