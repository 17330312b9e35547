#include "muster/serve_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Machine kMachine{.host_name = "plant.example.net", .cores = 4};

Environment environment_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

Result<ServeOptions> load_file(const std::string& text) {
  return load_serve_options(ConfigFile{"muster.toml", text}, environment_of({}), {}, kMachine);
}

TEST(ServeOptions, DefaultsComeFromTheMachine) {
  const auto options = load_serve_options(std::nullopt, environment_of({}), {}, kMachine);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->data, "./muster-data");
  EXPECT_THAT(options->listen, ElementsAre(ListenAddress{"0.0.0.0", 443}));
  EXPECT_THAT(options->host_names, ElementsAre("plant.example.net"));
  EXPECT_EQ(options->threads, 4U);
  EXPECT_TRUE(options->fast_decode);
  EXPECT_EQ(options->local_hub, "hub.plant.example.net");
  EXPECT_THAT(options->certificate_names(),
              ElementsAre("plant.example.net", "hub.plant.example.net", "localhost", "127.0.0.1"));
}

TEST(ServeOptions, ANamelessMachineIsLocalhostOnceInTheCertificate) {
  const auto options = load_serve_options(std::nullopt, environment_of({}), {}, {});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->threads, 1U);
  EXPECT_EQ(options->local_hub, "hub.muster.local");
  EXPECT_THAT(options->certificate_names(), ElementsAre("localhost", "hub.muster.local", "127.0.0.1"));
}

TEST(ServeOptions, TheFileLosesToTheEnvironmentAndThatToFlags) {
  const ConfigFile file{"muster.toml", "data = 'file'\nthreads = 2\nlog_level = 'debug'\nlisten = '127.0.0.1:1'\n"};
  const auto environment =
      environment_of({{"MUSTER_DATA", "env"}, {"MUSTER_THREADS", "3"}, {"MUSTER_LISTEN", "[::]:443,10.0.0.1:8883"}});
  const auto options = load_serve_options(file, environment, {{"data", {"flag"}}}, kMachine);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->data, "flag");
  EXPECT_EQ(options->threads, 3U);
  EXPECT_EQ(options->log_level, LogLevel::kDebug);
  EXPECT_THAT(options->listen, ElementsAre(ListenAddress{"::", 443}, ListenAddress{"10.0.0.1", 8883}));
}

TEST(ServeOptions, EveryTableOfTheFileIsRead) {
  const auto options = load_file(R"(
host_name = ["10.1.2.3", "dps.example.net"]
certificate = ["rsa.pem", "ec.pem"]
private_key = ["rsa.key", "ec.key"]
ready_file = "ready"
log_format = "json"
fast_decode = false
[limits]
max_connections = 7
max_connections_per_address = 6
max_message_bytes = 2048
max_bulk_items = 20
operations_per_minute = 30
registrations_per_minute = 31
device_registrations_per_minute = 0
device_polls_per_10_seconds = 32
tpm_challenges_per_minute = 33
max_enrollments = 40
max_x509_groups = 41
max_symmetric_key_groups = 42
max_registrations = 43
max_ca_certificates = 44
max_linked_hubs = 45
[timeouts]
handshake = 1
head = 2
body = 3
idle = 4
[attestation]
expiry = "leaf-only"
clock_tolerance_seconds = 0
min_rsa_bits = 3072
allow_ed25519 = true
sas_clock_tolerance_seconds = 5
tpm_challenge_minutes = 7
[store]
max_batch = 9
[operations]
retention_minutes = 10
[attempts]
keep = 500
days = 7
[hub]
local_host_name = "h.example.net"
max_open_jobs = 3
job_devices_per_second = 5
refused_connects_per_minute = 8
refused_connects_per_minute_of_address = 0
[linked_hubs]
calls_per_minute = 600
burst_calls = 20
concurrent_calls = 4
timeout_seconds = 7
give_up_seconds = 60
[allocation]
webhook_hosts = ["alloc.example.net", "*.fn.example.net"]
webhook_connect_seconds = 2
webhook_timeout_seconds = 4
webhook_concurrent_calls = 3
webhook_failures_to_rest = 7
webhook_keep_exchanges = 0
[geo]
region = "eu-west"
networks = ["10.1.0.0/16=eu-west"]
latencies = ["eu-west=us-east:90"]
[outbound]
ca_file = "plant.pem"
connect_to = ["a.example.net=10.0.0.7:8443", "b.example.net=10.0.0.8"]
)");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(options->host_names, ElementsAre("10.1.2.3", "dps.example.net"));
  EXPECT_THAT(options->certificates,
              ElementsAre(CertificateFiles{"rsa.pem", "rsa.key"}, CertificateFiles{"ec.pem", "ec.key"}));
  EXPECT_EQ(options->ready_file, "ready");
  EXPECT_EQ(options->log_format, LogFormat::kJson);
  EXPECT_FALSE(options->fast_decode);
  EXPECT_EQ(options->limits, (ConnectionLimits{7, 6}));
  using std::chrono::seconds;
  EXPECT_EQ(options->service_limits, (server::ServiceLimits{.message_bytes = 2048,
                                                            .bulk_items = 20,
                                                            .linked_hubs = 45,
                                                            .operations = {30, seconds(60)},
                                                            .registrations = {31, seconds(60)},
                                                            .device_polls = {32, seconds(10)},
                                                            .device_registrations = {0, seconds(60)},
                                                            .tpm_challenges = {33, seconds(60)}}));
  EXPECT_EQ(options->row_limits, (store::RowLimits{40, 41, 42, 43, 44}));
  EXPECT_EQ(options->timeouts, (ConnectionTimeouts{seconds(1), seconds(2), seconds(3), seconds(4)}));
  EXPECT_EQ(options->attestation.path.expiry, crypto::ExpiryRule::kLeafOnly);
  EXPECT_EQ(options->attestation.path.clock_tolerance, seconds(0));
  EXPECT_EQ(options->attestation.path.min_rsa_bits, 3072);
  EXPECT_TRUE(options->attestation.path.allow_ed25519);
  EXPECT_EQ(options->attestation.sas_tolerance, seconds(5));
  EXPECT_EQ(options->attestation.tpm_challenge_life, std::chrono::minutes(7));
  EXPECT_EQ(options->store_max_batch, 9U);
  EXPECT_EQ(options->operation_retention, std::chrono::minutes(10));
  EXPECT_EQ(options->attempts.keep, 500U);
  EXPECT_EQ(options->attempts.age, std::chrono::days(7));
  EXPECT_EQ(options->local_hub, "h.example.net");
  EXPECT_EQ(options->jobs.most_open, 3U);
  EXPECT_EQ(options->job_runner.operations_per_second, 5U);
  EXPECT_EQ(options->refused_connects, (server::mqtt::RefusedConnectLimits{{8, seconds(60)}, {0, seconds(60)}}));
  EXPECT_EQ(options->hub_links,
            (hub::AzureLinkSettings{
                .calls_per_minute = 600, .burst = 20, .concurrent = 4, .timeout = std::chrono::seconds(7)}));
  EXPECT_EQ(options->hub_patience, std::chrono::seconds(60));
  EXPECT_THAT(options->webhooks.hosts, ElementsAre("alloc.example.net", "*.fn.example.net"));
  EXPECT_EQ(options->webhooks.failures_to_rest, 7);
  EXPECT_EQ(options->webhooks.keep_exchanges, 0U);
  const auto webhook_http = options->webhook_http();
  EXPECT_EQ(webhook_http.connect_timeout, seconds(2));
  EXPECT_EQ(webhook_http.timeout, seconds(4));
  EXPECT_EQ(webhook_http.max_connections_per_host, 3U);
  EXPECT_EQ(webhook_http.ca_file, "plant.pem");
  EXPECT_EQ(options->geo.region_of("10.1.2.3"), "eu-west");
  model::LinkedHub hub;
  hub.location = "us-east";
  EXPECT_EQ(options->geo.cost("eu-west", hub, std::nullopt).value().latency, std::chrono::milliseconds(90));
  EXPECT_EQ(options->outbound.ca_file, "plant.pem");
  EXPECT_TRUE(options->outbound.trust_system);
  EXPECT_THAT(options->outbound.connect_to, ElementsAre("a.example.net::10.0.0.7:8443", "b.example.net::10.0.0.8:"));
}

TEST(ServeOptions, WebhooksAreAtFewerAddressesThanLinkedHubs) {
  const auto defaults = load_file("");
  const auto named = load_file("[allocation]\nwebhook_hosts = 'localhost'\n");
  ASSERT_TRUE(defaults && named);
  EXPECT_TRUE(defaults->outbound.refused_networks.empty());
  EXPECT_GT(defaults->webhook_http().refused_networks.size(), named->webhook_http().refused_networks.size());
  EXPECT_FALSE(named->webhook_http().refused_networks.empty());
  EXPECT_FALSE(load_file("[allocation]\nwebhook_hosts = 'https://alloc.example.net/x'\n"));
}

TEST(ServeOptions, WhatOperatorsSeeCanBePlacedAndSwitchedOff) {
  const auto defaults = load_file("");
  ASSERT_TRUE(defaults);
  EXPECT_EQ(defaults->operations_listen, (ListenAddress{"127.0.0.1", 9464}));
  EXPECT_FALSE(defaults->access_log);
  const auto off = load_file("operations_listen = 'off'\naccess_log = '/var/log/muster/access.log'");
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->operations_listen);
  EXPECT_EQ(off->access_log, "/var/log/muster/access.log");
  const auto flags = load_serve_options(ConfigFile{"muster.toml", "access_log = 'x'"}, environment_of({}),
                                        {{"operations_listen", {"[::]:9000"}}, {"access_log", {"off"}}}, kMachine);
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->operations_listen, (ListenAddress{"::", 9000}));
  EXPECT_FALSE(flags->access_log);
  EXPECT_THAT(load_file("operations_listen = 'nowhere'").error().message, HasSubstr("'operations_listen'"));
  EXPECT_THAT(load_file("access_log = ''").error().message, HasSubstr("'access_log'"));
}

TEST(ServeOptions, AmqpCanBePlacedAndSwitchedOff) {
  EXPECT_EQ(load_file("")->amqp_listen, (std::vector{ListenAddress{"0.0.0.0", 5671}}));
  EXPECT_TRUE(load_file("amqp_listen = ['off']")->amqp_listen.empty());
  EXPECT_EQ(load_file("amqp_listen = ['[::]:0']")->amqp_listen, (std::vector{ListenAddress{"::", 0}}));
  EXPECT_THAT(load_file("amqp_listen = ['nowhere']").error().message, HasSubstr("'amqp_listen'"));
}

TEST(ServeOptions, TheExampleConfigurationHoldsTheDefaults) {
  const auto from_example = load_file(std::string(example_config()));
  const auto defaults = load_file("");
  ASSERT_TRUE(from_example) << from_example.error().message;
  ASSERT_TRUE(defaults);
  EXPECT_EQ(from_example->data, defaults->data);
  EXPECT_EQ(from_example->hub_links, defaults->hub_links);
  EXPECT_EQ(from_example->hub_patience, defaults->hub_patience);
  EXPECT_EQ(from_example->listen, defaults->listen);
  EXPECT_EQ(from_example->amqp_listen, defaults->amqp_listen);
  EXPECT_EQ(from_example->operations_listen, defaults->operations_listen);
  EXPECT_EQ(from_example->access_log, defaults->access_log);
  EXPECT_EQ(from_example->limits, defaults->limits);
  EXPECT_EQ(from_example->service_limits, defaults->service_limits);
  EXPECT_EQ(from_example->row_limits, defaults->row_limits);
  EXPECT_EQ(from_example->timeouts, defaults->timeouts);
  EXPECT_EQ(from_example->log_level, defaults->log_level);
  EXPECT_EQ(from_example->attestation.path.expiry, defaults->attestation.path.expiry);
  EXPECT_EQ(from_example->attestation.path.clock_tolerance, defaults->attestation.path.clock_tolerance);
  EXPECT_EQ(from_example->attestation.path.min_rsa_bits, defaults->attestation.path.min_rsa_bits);
  EXPECT_EQ(from_example->attestation.path.allow_ed25519, defaults->attestation.path.allow_ed25519);
  EXPECT_EQ(from_example->attestation.sas_tolerance, defaults->attestation.sas_tolerance);
  EXPECT_EQ(from_example->attestation.tpm_challenge_life, defaults->attestation.tpm_challenge_life);
  EXPECT_EQ(from_example->store_max_batch, defaults->store_max_batch);
  EXPECT_EQ(from_example->operation_retention, defaults->operation_retention);
  EXPECT_EQ(from_example->attempts.keep, defaults->attempts.keep);
  EXPECT_EQ(from_example->event_retention, defaults->event_retention);
  EXPECT_EQ(from_example->notices, defaults->notices);
  EXPECT_EQ(from_example->refused_connects, defaults->refused_connects);
  EXPECT_TRUE(from_example->sinks.empty());
  EXPECT_EQ(from_example->attempts.age, defaults->attempts.age);
}

TEST(ServeOptions, SinksAreTables) {
  const auto options = load_file(R"(
[hub]
local_host_name = "h.example.net"
event_retention_days = 2
event_retention_megabytes = 0
lifecycle_events = false
twin_change_events = true
connection_events = true
security_events = false
[[hub.sink]]
name = "line-7"
url = "https://plant.example.net/events"
secret_file = "line-7.secret"
batch_events = 7
timeout_seconds = 8
refusals = 9
[[hub.sink]]
name = "broker"
url = "mqtts://[::1]:2000"
hub = "other.example.net"
ca_file = "ca.pem"
user_name = "u"
password_file = "p"
certificate = "c.pem"
private_key = "c.key"
topic_prefix = "plant/7"
payload = "body"
[[hub.sink]]
name = "plain"
url = "mqtt://broker.example.net"
)");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->event_retention.age, std::chrono::days(2));
  EXPECT_EQ(options->event_retention.octets, hub::RetentionSettings::kAny);
  EXPECT_EQ(options->notices, (model::HubNoticeSettings{
                                  .lifecycle = false, .twin_changes = true, .connections = true, .security = false}));
  hub::SinkSettings hook;
  hook.name = "line-7";
  hook.hub = "h.example.net";
  hook.url = "https://plant.example.net/events";
  hook.events = 7;
  hook.timeout = std::chrono::seconds(8);
  hook.refusals = 9;
  hook.secret_file = "line-7.secret";
  hub::SinkSettings broker;
  broker.name = "broker";
  broker.hub = "other.example.net";
  broker.kind = hub::SinkKind::kMqtt;
  broker.url = "mqtts://[::1]:2000";
  broker.host = "::1";
  broker.port = 2000;
  broker.ca_file = "ca.pem";
  broker.user_name = "u";
  broker.password_file = "p";
  broker.certificate = "c.pem";
  broker.private_key = "c.key";
  broker.topic_prefix = "plant/7";
  broker.payload = hub::SinkPayload::kBody;
  hub::SinkSettings plain;
  plain.name = "plain";
  plain.hub = "h.example.net";
  plain.kind = hub::SinkKind::kMqtt;
  plain.tls = false;
  plain.url = "mqtt://broker.example.net";
  plain.host = "broker.example.net";
  plain.port = 1883;
  EXPECT_THAT(options->sinks, ElementsAre(hook, broker, plain));
}

TEST(ServeOptions, TheExampleConfigurationNamesEveryKey) {
  const auto defaults = load_file("");
  for (const char* key : {"host_name", "certificate", "private_key", "threads", "ready_file", "local_host_name",
                          "ca_file", "connect_to", "name", "url", "secret_file", "hub", "batch_events",
                          "timeout_seconds", "refusals", "user_name", "password_file", "topic_prefix", "payload"}) {
    EXPECT_THAT(std::string(example_config()), HasSubstr(std::string("# ") + key + " = "));
  }
}

struct BadFile {
  const char* text;
  const char* message;
};

class BadConfigFile : public testing::TestWithParam<BadFile> {};

TEST_P(BadConfigFile, IsRefusedWithKeyAndLine) {
  const auto options = load_file(GetParam().text);
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(options.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, BadConfigFile,
    testing::Values(
        BadFile{"threads = ", "muster.toml line 1"}, BadFile{"\x80", "muster.toml line 1"},
        BadFile{"data = 'a'\ndata = 'b'", "muster.toml line 2"},
        BadFile{"\ncolour = 'red'", "muster.toml line 2: unknown key 'colour'"},
        BadFile{"[limits]\ncolour = 1", "muster.toml line 2: unknown key 'limits.colour'"},
        BadFile{"[paint]\ncolour = 1", "muster.toml line 1: unknown key 'paint'"},
        BadFile{"[limits.inner]\nmax_connections = 1", "unknown key 'limits.inner'"},
        BadFile{"limits = 5", "unknown key 'limits'"}, BadFile{"threads = '4'", "line 1: 'threads' must be an integer"},
        BadFile{"threads = 4.0", "line 1: 'threads' must be an integer"},
        BadFile{"data = 5", "line 1: 'data' must be a string"}, BadFile{"data = ['a']", "'data' must be a string"},
        BadFile{"listen = [1]", "'listen' must be a string or an array of strings"},
        BadFile{"fast_decode = 'on'", "'fast_decode' must be true or false"},
        BadFile{"threads = 0", "line 1: 'threads' must be a whole number from 1 to 1024"},
        BadFile{"threads = 99999999999", "'threads' must be a whole number"},
        BadFile{"[attestation]\nmin_rsa_bits = 512", "line 2: 'min_rsa_bits' must be"},
        BadFile{"[attestation]\nexpiry = 'soon'", "'expiry' must be strict, leaf-only or off"},
        BadFile{"log_level = 'loud'", "'log_level' must be debug, info, warning or error"},
        BadFile{"log_format = 'xml'", "'log_format' must be text or json"},
        BadFile{"data = ''", "'data' must not be empty"}, BadFile{"listen = []", "'listen' must name"},
        BadFile{"listen = '443'", "ADDRESS:PORT"}, BadFile{"listen = ':443'", "literal IP address"},
        BadFile{"listen = 'example.net:443'", "literal IP address"}, BadFile{"listen = '::1:443'", "brackets"},
        BadFile{"listen = '[::1]443'", "brackets"}, BadFile{"listen = '1.2.3.4:65536'", "port"},
        BadFile{"listen = '1.2.3.4:'", "port"}, BadFile{"listen = '1.2.3.4:-1'", "port"},
        BadFile{"host_name = 'a b.example.net'", "is not a host name"}, BadFile{"host_name = []", "at least one"},
        BadFile{"certificate = 'a.pem'", "--private-key"}, BadFile{"private_key = 'a.key'", "--private-key"},
        BadFile{"[hub]\nlocal_host_name = 'h_u b'", "line 2: 'local_host_name' is not a dotted host name"},
        BadFile{"[hub]\nevent_retention_days = 0", "line 2: 'event_retention_days' must be"},
        BadFile{"[hub]\nsink = 5", "line 2: 'hub.sink' must be an array of tables"},
        BadFile{"[[hub.sink]]\ncolour = 'red'", "line 2: unknown key 'hub.sink.colour'"},
        BadFile{"[[hub.sink]]\nname = 5", "line 2: 'hub.sink.name' must be a string"},
        BadFile{"[[hub.sink]]\nname = 'a b'", "line 2: 'name' must be up to 64"},
        BadFile{"[[hub.sink]]\nurl = 'http://x/'", "line 2: 'url' must begin with https://, mqtts:// or mqtt://"},
        BadFile{"[[hub.sink]]\nurl = 'mqtts://a@b'", "line 2: 'url' must be mqtts://HOST"},
        BadFile{"[[hub.sink]]\nname = 'a'", "line 1: a sink needs a 'name' and a 'url'"},
        BadFile{"[[hub.sink]]\nname = 'a'\nurl = 'https://x/'", "line 1: a webhook needs a 'secret_file'"},
        BadFile{"[[hub.sink]]\nname = 'a'\nurl = 'mqtt://x'\nsecret_file = 's'", "'secret_file' is for webhooks"},
        BadFile{"[[hub.sink]]\nname = 'a'\nurl = 'mqtt://x'\n[[hub.sink]]\nname = 'a'\nurl = 'mqtt://y'",
                "line 4: there is another sink with the name 'a'"},
        BadFile{"[outbound]\nconnect_to = 'h.example.net'", "line 2: 'connect_to' 'h.example.net' is not HOST="}));

TEST(ServeOptions, ErrorsOfEnvironmentAndFlagsNameTheirSource) {
  const auto bad_variable =
      load_serve_options(std::nullopt, environment_of({{"MUSTER_FAST_DECODE", "maybe"}}), {}, kMachine);
  ASSERT_FALSE(bad_variable);
  EXPECT_EQ(bad_variable.error().message, "MUSTER_FAST_DECODE: 'fast_decode' must be on or off");
  const auto bad_flag = load_serve_options(std::nullopt, environment_of({}), {{"threads", {"many"}}}, kMachine);
  ASSERT_FALSE(bad_flag);
  EXPECT_EQ(bad_flag.error().message, "--threads: 'threads' must be a whole number from 1 to 1024");
}

TEST(ServeOptions, ALocalHubHasADomainToStandIn) {
  const std::pair<const char*, const char*> cases[] = {{"dps.example.net", "hub.dps.example.net"},
                                                       {"localhost", "hub.muster.local"},
                                                       {"10.0.0.7", "hub.muster.local"},
                                                       {"::1", "hub.muster.local"}};
  for (const auto& [host, hub] : cases) {
    const auto options = load_serve_options(std::nullopt, environment_of({}), {{"host_name", {host}}}, kMachine);
    ASSERT_TRUE(options) << host;
    EXPECT_EQ(options->local_hub, hub);
  }
}

}  // namespace
}  // namespace muster::cli
