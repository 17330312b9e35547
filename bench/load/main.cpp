// bench_load: the clients of the measured comparison (bench/README.md). One process is one thread; results are one line
// of JSON on standard output.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "load/answerer.h"
#include "load/fleet.h"
#include "load/identity.h"
#include "load/request_script.h"
#include "load/runner.h"
#include "load/telemetry.h"

namespace muster::bench {
namespace {

struct Options {
  std::string folder;
  std::string tls_version = "1.3";
  RunSettings run;
  FleetSettings fleet;
  std::string group_key;
  RequestSettings request;
  AnswererSettings answerer;
  TelemetrySettings telemetry;
};

void print(const boost::json::object& line) {
  fmt::print("{}\n", boost::json::serialize(line));
  std::fflush(stdout);
}

void add_transport_option(CLI::App& command, Transport& target) {
  const std::map<std::string, Transport> names{
      {"https", Transport::kHttps}, {"mqtt", Transport::kMqtt}, {"amqp", Transport::kAmqp}};
  command.add_option("--transport", target, "what the devices speak")->transform(CLI::CheckedTransformer(names));
}

void add_run_options(CLI::App& command, Options& options) {
  command.add_option("--address", options.run.endpoint.address, "IPv4 address of the server");
  command.add_option("--port", options.run.endpoint.port, "TCP port of the server")->required();
  command.add_option("--host", options.run.endpoint.host, "name for SNI and the Host header");
  command.add_option("--tls", options.tls_version, "TLS version: 1.2 or 1.3");
  command.add_option("--clients", options.run.clients, "connections in all");
  command.add_option("--concurrency", options.run.concurrency, "clients at work at once");
  command.add_option("--max-open", options.run.max_open, "connections at once");
  command.add_option("--certificates", options.folder,
                     "folder of `bench_load certificates`; absent: no client certificate");
}

boost::json::object report(const RunOutcome& outcome, std::chrono::steady_clock::duration took) {
  return {{"completed", outcome.completed}, {"failed", outcome.failed},
          {"replies", outcome.replies},     {"seconds", std::chrono::duration<double>(took).count()},
          {"tls", outcome.agreed},          {"failure", outcome.first_failure}};
}

/// The other side closes our standard input when it has looked at the server.
void wait_for_end_of_input() {
  while (std::getchar() != EOF) {
  }
}

Result<void> make_certificates(const Options& options) {
  SystemRandom random;
  return write_certificates(options.folder, options.run.endpoint.host, random);
}

Result<void> register_fleet(Options options) {
  const auto key = from_base64(options.group_key);
  if (!key) return invalid("--group-key is not base64.");
  options.fleet.group_key = SecretBytes(ByteView(*key));
  options.fleet.host = options.run.endpoint.host;
  options.fleet.count = options.run.clients;
  options.fleet.certificates = options.folder;
  const bool hold = options.fleet.hold;
  auto context = ClientContext::create(options.tls_version);
  if (!context) return std::unexpected(context.error());
  auto fleet = Fleet::create(std::move(options.fleet));
  if (!fleet) return std::unexpected(fleet.error());

  Runner runner(options.run, *context, **fleet);
  const auto begin = std::chrono::steady_clock::now();
  const RunOutcome outcome = runner.run();
  auto line = report(outcome, std::chrono::steady_clock::now() - begin);
  line["polls"] = (*fleet)->polls();
  line["challengeBody"] = (*fleet)->challenge_body();
  line["registerBody"] = (*fleet)->register_body();
  line["statusBody"] = (*fleet)->status_body();
  print(line);
  if (hold) wait_for_end_of_input();
  return {};
}

Result<void> repeat_request(Options options) {
  options.request.host = options.run.endpoint.host;
  auto context = ClientContext::create(options.tls_version);
  if (!context) return std::unexpected(context.error());
  std::vector<Identity> identities;
  if (!options.folder.empty()) {
    SystemRandom random;
    auto made = make_identities(options.folder, {"bench-client"}, random);
    if (!made) return std::unexpected(made.error());
    identities = std::move(*made);
  }
  const bool hold = options.request.hold;
  RequestSource source(std::move(options.request), identities.empty() ? nullptr : &identities.front());
  Runner runner(options.run, *context, source);
  const auto begin = std::chrono::steady_clock::now();
  const RunOutcome outcome = runner.run();
  print(report(outcome, std::chrono::steady_clock::now() - begin));
  if (hold) wait_for_end_of_input();
  return {};
}

Result<void> send_telemetry(Options options) {
  const auto key = from_base64(options.group_key);
  if (!key) return invalid("--group-key is not base64.");
  options.telemetry.group_key = SecretBytes(ByteView(*key));
  auto context = ClientContext::create(options.tls_version);
  if (!context) return std::unexpected(context.error());
  TelemetrySource source(std::move(options.telemetry));
  Runner runner(options.run, *context, source);
  const auto begin = std::chrono::steady_clock::now();
  const RunOutcome outcome = runner.run();
  print(report(outcome, std::chrono::steady_clock::now() - begin));
  return {};
}

int finish(const Result<void>& done) {
  if (done) return 0;
  fmt::print(stderr, "bench_load: {} {}\n", done.error().message, done.error().detail);
  return 1;
}

int run(int count, char** arguments) {
  Options options;
  CLI::App app("The clients of the measured comparison.");
  app.require_subcommand(1);

  CLI::App& certificates = *app.add_subcommand("certificates", "make the certificates of a run");
  certificates.add_option("--folder", options.folder, "where to")->required();
  certificates.add_option("--host", options.run.endpoint.host, "name in the server certificate");

  CLI::App& tpms = *app.add_subcommand("tpms", "make the keys of the TPMs of a run");
  tpms.add_option("--folder", options.folder, "where to")->required();

  CLI::App& fleet = *app.add_subcommand("register", "devices register, each with a handshake of its own");
  add_run_options(fleet, options);
  fleet.add_option("--id-scope", options.fleet.id_scope, "ID scope")->required();
  fleet.add_option("--prefix", options.fleet.prefix, "registration ids begin with this");
  fleet.add_option("--first", options.fleet.first, "number of the first device");
  fleet.add_option("--stride", options.fleet.stride, "step between the numbers of the devices");
  add_transport_option(fleet, options.fleet.transport);
  fleet.add_flag("--hold", options.fleet.hold,
                 "MQTT, AMQP: get ready for a request, and stay until standard input ends");
  fleet.add_option("--tpms", options.fleet.tpms, "folder of `bench_load tpms`: the devices have TPMs");
  fleet.add_flag("--any-answer", options.fleet.any_answer, "take activation blobs that are for no TPM");
  fleet.add_option("--group-key", options.group_key, "key from which the device keys are derived, base64");

  CLI::App& request = *app.add_subcommand("request", "connections repeat one GET request");
  add_run_options(request, options);
  request.add_option("--target", options.request.target, "path and query")->required();
  request.add_option("--authorization", options.request.authorization, "Authorization header");
  request.add_option("--expect", options.request.expected_status, "status that counts as success");
  request.add_option("--requests", options.request.requests, "requests on each connection");
  request.add_flag("--hold", options.request.hold, "keep the connections until standard input ends");

  CLI::App& answerer = *app.add_subcommand("answer", "answer devices with fixed octets, behind the reference");
  add_transport_option(answerer, options.answerer.transport);
  answerer.add_option("--port", options.answerer.port, "TCP port on 127.0.0.1; 0: any free one");
  answerer.add_option("--register-body", options.answerer.register_body, "answer to a register request");
  answerer.add_option("--status-body", options.answerer.status_body, "answer to a poll");

  CLI::App& telemetry = *app.add_subcommand("telemetry", "devices of a hub send messages");
  add_run_options(telemetry, options);
  telemetry.add_option("--hub", options.telemetry.hub, "host name of the hub")->required();
  telemetry.add_option("--prefix", options.telemetry.prefix, "device ids begin with this");
  telemetry.add_option("--group-key", options.group_key, "key from which the device keys are derived, base64");
  telemetry.add_option("--messages", options.telemetry.messages, "messages of each device; 0: it only connects");
  telemetry.add_option("--window", options.telemetry.window, "messages on their way at once");
  telemetry.add_option("--payload", options.telemetry.payload, "octets of each message");

  CLI11_PARSE(app, count, arguments);
  std::signal(SIGPIPE, SIG_IGN);
  if (certificates.parsed()) return finish(make_certificates(options));
  if (tpms.parsed()) return finish(write_tpms(options.folder));
  if (answerer.parsed()) return finish(answer_devices(options.answerer));
  if (telemetry.parsed()) return finish(send_telemetry(std::move(options)));
  if (fleet.parsed()) return finish(register_fleet(std::move(options)));
  return finish(repeat_request(std::move(options)));
}

}  // namespace
}  // namespace muster::bench

int main(int count, char** arguments) {
  return muster::bench::run(count, arguments);
}
