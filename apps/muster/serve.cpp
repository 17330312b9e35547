#include "muster/serve.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <memory>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/descriptor_limit.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/sealing.h"
#include "muster/environment.h"
#include "muster/exit_code.h"
#include "muster/version.h"
#include "outbound/curl_client.h"
#include "server/amqp/connection.h"
#include "server/amqp/provisioning.h"
#include "server/bootstrap/data_folder.h"
#include "server/bootstrap/first_instance.h"
#include "server/bootstrap/local_identity.h"
#include "server/bootstrap/service.h"
#include "server/http/session.h"
#include "server/metrics/event_metrics.h"
#include "server/metrics/hub_activity_metrics.h"
#include "server/metrics/link_metrics.h"
#include "server/metrics/webhook_metrics.h"
#include "server/mqtt/connection.h"
#include "server/mqtt/provisioning.h"
#include "server/net/server.h"
#include "server/operations/operations.h"
#include "server/operations/service_manager.h"
#include "server/tls/fast_decode.h"
#include "store/sqlite/sqlite_store.h"

namespace muster::cli {
namespace {

constexpr std::size_t kMaxPemFile = 1024 * 1024;
constexpr std::chrono::minutes kMaintenanceInterval{1};
constexpr std::chrono::seconds kBeatInterval{5};
constexpr std::chrono::seconds kStopGrace{10};
constexpr std::size_t kOwnDescriptors = 256;
constexpr std::chrono::hours kJobRetention = std::chrono::days(30);  // hub-api.md 8

/// The signals that the main thread waits for; blocked in every thread, so that none is interrupted.
sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

Result<std::vector<server::TlsIdentity>> configured_identities(const std::vector<CertificateFiles>& files) {
  std::vector<server::TlsIdentity> out;
  for (const auto& [certificate, private_key] : files) {
    auto chain = muster::read_file(certificate, kMaxPemFile);
    if (!chain) return std::unexpected(chain.error());
    auto key = muster::read_file(private_key, kMaxPemFile);
    if (!key) return std::unexpected(key.error());
    out.push_back({std::move(*chain), SecretBytes(as_bytes(*key))});
    wipe(*key);
  }
  return out;
}

/// The ready file stands only while the service is up: what an earlier run left is removed first.
class ReadyFile {
 public:
  explicit ReadyFile(std::optional<std::filesystem::path> path) : path_(std::move(path)) { remove(); }
  ~ReadyFile() { remove(); }
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

 private:
  void remove() const {
    std::error_code ignored;
    if (path_) std::filesystem::remove(*path_, ignored);
  }

  std::optional<std::filesystem::path> path_;
};

/// One running service: everything that lives from start to stop, in the order in which it is made.
class Running {
 public:
  static Result<std::unique_ptr<Running>> start(const ServeOptions& options) {
    std::unique_ptr<Running> running(new Running(options));
    if (auto started = running->start_parts(); !started) return std::unexpected(started.error());
    return running;
  }

  ~Running() {
    if (operations_) operations_->stopping();
    if (server_) server_->stop(kStopGrace);
    if (operations_) operations_->stop();
    if (service_) service_->sinks().stop();
    if (service_) service_->custom_allocation().stop();
    webhook_http_.stop();
    outbound_.stop();  // what waits for others goes on, so that the service can end it
    service_.reset();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void maintain() {
    if (auto purged = service_->purge_operations(options_.operation_retention); !purged) {
      log_warning("operations.not-purged", {{"error", purged.error().message}});
    }
    if (auto trimmed = service_->trim_attempts(); !trimmed) {
      log_warning("attempts.not-trimmed", {{"error", trimmed.error().message}});
    }
    if (auto purged = service_->purge_jobs(kJobRetention); !purged) {
      log_warning("hub.jobs-not-purged", {{"error", purged.error().message}});
    }
    if (auto expired = service_->expire_messages(); !expired) {
      log_warning("hub.messages-not-expired", {{"error", expired.error().message}});
    }
    service_->trim_events();
    note_ca_certificates();
  }

  /// What goes on by itself.
  void tend() { service_->registrar().tend(); }

  server::Operations& operations() { return *operations_; }

  /// A hub that was linked since needs its name in the certificates that the service makes for itself.
  void name_new_hubs() {
    if (options_.certificates.empty() && certificate_names() != named_) reload_identities();
  }

  /// Certificates from configured files, or our own ones renewed when it is time.
  void reload_identities() {
    auto identities = load_identities();
    Result<void> replaced;
    if (identities) replaced = server_->replace_identities(*identities);
    if (!identities || !replaced) {
      const Error& error = identities ? replaced.error() : identities.error();
      log_error("tls.not-reloaded", {{"error", error.message}, {"detail", error.detail}});
      return;
    }
    operations_->certificates().set(*identities);
    log_info("tls.reloaded", {});
  }

  /// One line on what this is, for the service manager.
  [[nodiscard]] std::string status() const {
    return fmt::format("Serving {} on port {}, ID scope {}", options_.host_names.front(), server_->port(),
                       config_->instance.id_scope);
  }

  /// Tells people on standard output where everything is, and programs in the ready file.
  Result<void> announce() const {
    const auto& instance = config_->instance;
    const std::string host = options_.host_names.front();
    const std::uint16_t port = server_->port();
    fmt::print(
        "Muster is serving.\n"
        "  provisioning host   {0}:{1}   (device SDKs; they use port 443, and 8883 for MQTT)\n"
        "  ID scope            {2}\n"
        "  connection string   in {3}   (service SDKs, `muster enrollment ...`)\n",
        host, port, instance.id_scope, folder_->owner_connection_string().string());
    if (options_.certificates.empty()) {
      fmt::print(
          "  devices trust it by {0}\n"
          "                      NODE_EXTRA_CA_CERTS={0}   (Node)\n"
          "                      SSL_CERT_FILE={0}   (C, .NET, OpenSSL)\n"
          "                      server_verification_cert=open(\"{0}\").read()   (Python)\n",
          server::local_ca_file(folder_->tls()).string());
    }
    std::fflush(stdout);
    if (!options_.ready_file) return {};
    boost::json::object facts{{"address", options_.listen.front().address},
                              {"port", port},
                              {"idScope", instance.id_scope},
                              {"serviceHost", instance.service_host},
                              {"provisioningHost", host},
                              {"caFile", server::local_ca_file(folder_->tls()).string()},
                              {"connectionStringFile", folder_->owner_connection_string().string()},
                              {"localHub", options_.local_hub},
                              {"hubConnectionStringFile", folder_->hub_connection_string().string()},
                              {"pid", ::getpid()}};
    const std::size_t mqtt = options_.listen.size();
    if (!options_.mqtt_listen.empty()) facts["mqttPort"] = server_->port(mqtt);
    if (!options_.amqp_listen.empty()) facts["amqpPort"] = server_->port(mqtt + options_.mqtt_listen.size());
    if (const auto operations_port = operations_->port()) {
      facts["operationsAddress"] = options_.operations_listen->address;
      facts["operationsPort"] = *operations_port;
    }
    return write_file(*options_.ready_file, boost::json::serialize(facts) + "\n", FileAccess::kEveryone);
  }

 private:
  explicit Running(const ServeOptions& options)
      : options_(options), outbound_(options.outbound), webhook_http_(options.webhook_http()) {}

  Result<void> start_parts() {
    if (auto opened = open_folder(); !opened) return opened;
    if (auto started = start_operations(); !started) return started;
    if (auto opened = open_store(); !opened) return opened;
    auto config = wait_for(
        server::ensure_first_instance(*store_, {options_.host_names.front(), options_.local_hub}, clock_, random_));
    if (!config) return std::unexpected(config.error());
    config_ = std::move(*config);
    if (auto opened = open_service(); !opened) return opened;
    if (auto listening = listen(); !listening) return listening;
    operations_->serving(*store_);
    auto written = server::write_owner_connection_string(*config_, options_.host_names.front(), server_->port(),
                                                         folder_->owner_connection_string());
    if (!written) return written;
    return server::write_hub_connection_string(*config_, options_.local_hub, server_->port(),
                                               folder_->hub_connection_string());
  }

  Result<void> open_folder() {
    auto folder = server::DataFolder::open(options_.data);
    if (!folder) return std::unexpected(folder.error());
    folder_ = std::make_unique<server::DataFolder>(std::move(*folder));
    return {};
  }

  Result<void> start_operations() {
    server::Operations::Options operations{
        .clock = clock_, .version = kVersion, .database = folder_->database(), .listen = {}, .access_log = {}};
    if (options_.operations_listen) {
      operations.listen.emplace(options_.operations_listen->address, options_.operations_listen->port);
    }
    operations.access_log = options_.access_log;
    auto started = server::Operations::start(operations);
    if (!started) return std::unexpected(started.error());
    operations_ = std::move(*started);
    return {};
  }

  Result<void> open_store() {
    auto key = crypto::load_or_create_master_key(folder_->master_key(), random_);
    if (!key) return std::unexpected(key.error());
    sealer_ = std::make_shared<crypto::Sealer>(std::move(*key), random_);
    store::SqliteOptions sqlite;
    sqlite.path = folder_->database();
    sqlite.max_batch = options_.store_max_batch;
    sqlite.limits = options_.row_limits;
    sqlite.notices = options_.notices;
    sqlite.clock = &clock_;
    sqlite.observer = &operations_->metrics().store();
    auto store = store::open_sqlite_store(sqlite, sealer_);
    if (!store) {
      return fail(store.error().code, fmt::format("{}: {}", sqlite.path.string(), store.error().message),
                  store.error().detail);
    }
    store_ = std::move(*store);
    return {};
  }

  Result<void> open_service() {
    const auto instances = wait_for(store_->list_instances());
    if (!instances) return std::unexpected(instances.error());
    operations_->set_instances(*instances);
    server::Metrics& metrics = operations_->metrics();
    auto service = server::Service::open({.store = *store_,
                                          .clock = clock_,
                                          .random = random_,
                                          .outbound = outbound_,
                                          .webhook_http = webhook_http_,
                                          .webhooks = options_.webhooks,
                                          .hub_links = options_.hub_links,
                                          .hub_patience = options_.hub_patience,
                                          .geo = &options_.geo,
                                          .attestation = options_.attestation,
                                          .attempts = options_.attempts,
                                          .limits = options_.service_limits,
                                          .jobs = options_.jobs,
                                          .job_runner = options_.job_runner,
                                          .events = options_.event_retention,
                                          .sinks = options_.sinks,
                                          .notices = options_.notices,
                                          .refused_connects = options_.refused_connects,
                                          .operation_observers = operations_->operation_observers(),
                                          .registration_observer = &operations_->registration_observer(),
                                          .hub_metrics = &metrics.hubs()});
    if (!service) return std::unexpected(service.error());
    service_ = std::move(*service);
    operations_->liveness().watch("registrar", service_->registrar().executor());
    operations_->liveness().watch("hub jobs", service_->job_runner().executor());
    operations_->liveness().watch("sinks", service_->sinks().executor());
    event_metrics_ = std::make_unique<server::EventMetrics>(*store_, service_->retention(), service_->sinks(), clock_);
    metrics.add(*event_metrics_);
    hub_metrics_ = std::make_unique<server::HubActivityMetrics>(service_->hub_counters());
    metrics.add(*hub_metrics_);
    metrics.add_gauge("muster_registrations_in_flight", "Operations that are being worked on",
                      [&registrar = service_->registrar()] { return static_cast<double>(registrar.in_flight()); });
    metrics.add_gauge("muster_store_pending_writes", "Changes that wait for their commit",
                      [&store = *store_] { return static_cast<double>(store.pending_writes()); });
    links_ = std::make_unique<server::LinkMetrics>(service_->azure_hubs(), service_->registrar().leftovers());
    metrics.add(*links_);
    webhook_metrics_ = std::make_unique<server::WebhookMetrics>(service_->custom_allocation());
    metrics.add(*webhook_metrics_);
    note_ca_certificates();
    return {};
  }

  /// Of all instances; without those that the store cannot read now.
  std::vector<std::shared_ptr<const model::InstanceConfig>> configurations() {
    std::vector<std::shared_ptr<const model::InstanceConfig>> out;
    const auto instances = wait_for(store_->list_instances());
    for (const auto& instance : instances.value_or(std::vector<model::Instance>())) {
      if (auto config = wait_for(store_->config(instance.id))) out.push_back(*std::move(config));
    }
    return out;
  }

  void note_ca_certificates() {
    for (const auto& config : configurations()) operations_->metrics().certificates().note(*config);
  }

  /// What the service answers to: its own names, and those of the hubs that it serves.
  std::vector<std::string> certificate_names() {
    std::vector<std::string> names = options_.certificate_names();
    for (const auto& config : configurations()) {
      for (const auto& [hub, policies] : config->hub_policies) {
        if (std::ranges::find(names, hub) == names.end()) names.push_back(hub);
      }
    }
    return names;
  }

  Result<std::vector<server::TlsIdentity>> load_identities() {
    named_ = certificate_names();
    // New keys cannot sign while fast decoding is on (server/tls/fast_decode.h).
    server::disable_fast_decode();
    auto identities = options_.certificates.empty()
                          ? server::load_or_create_local_identities({folder_->tls(), named_, *sealer_, clock_, random_})
                          : configured_identities(options_.certificates);
    if (options_.fast_decode) {
      if (auto enabled = server::enable_fast_decode(); !enabled) {
        log_warning("tls.fast-decode-off", {{"reason", enabled.error().message}, {"detail", enabled.error().detail}});
      }
    }
    return identities;
  }

  Result<void> listen() {
    auto identities = load_identities();
    if (!identities) return std::unexpected(identities.error());
    operations_->certificates().set(*identities);
    make_protocols();
    server::ServerOptions server_options{
        .clock = clock_, .endpoints = {}, .threads = options_.threads, .identities = std::move(*identities)};
    for (const ListenAddress& each : options_.listen) {
      server_options.endpoints.push_back({each.address, each.port, *http_});
    }
    for (const ListenAddress& each : options_.mqtt_listen) {
      server_options.endpoints.push_back({each.address, each.port, *mqtt_});
    }
    for (const ListenAddress& each : options_.amqp_listen) {
      server_options.endpoints.push_back({each.address, each.port, *amqp_});
    }
    server_options.timeouts.handshake = options_.timeouts.handshake;
    server_options.timeouts.first_octet = options_.timeouts.head;
    server_options.timeouts.head = options_.timeouts.head;
    server_options.timeouts.body = options_.timeouts.body;
    server_options.timeouts.idle = options_.timeouts.idle;
    server_options.limits.total = connection_limit();
    server_options.limits.per_peer = static_cast<std::size_t>(options_.limits.max_connections_per_address);
    auto server = server::Server::start(server_options);
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    watch(server_options.endpoints);
    return {};
  }

  /// Connections must not take the descriptors that the store and the listeners need: it is they that would fail.
  [[nodiscard]] std::size_t connection_limit() const {
    const auto wanted = static_cast<std::size_t>(options_.limits.max_connections);
    const std::size_t descriptors = raise_descriptor_limit();
    const std::size_t possible = descriptors > 2 * kOwnDescriptors ? descriptors - kOwnDescriptors : kOwnDescriptors;
    if (wanted > possible) {
      log_warning("server.fewer-connections", {{"wanted", std::to_string(wanted)},
                                               {"possible", std::to_string(possible)},
                                               {"reason", "limit of open files (LimitNOFILE, ulimit -n)"}});
    }
    return std::min(wanted, possible);
  }

  void make_protocols() {
    mqtt_ = std::make_unique<server::mqtt::MqttProtocol>(service_->mqtt());
    server::mqtt::MqttSettings one_each;
    one_each.joins_packets = false;
    mqtt_over_web_socket_ = std::make_unique<server::mqtt::MqttProtocol>(service_->mqtt(), one_each, "mqtt-ws");
    amqp_owner_ = std::make_unique<server::amqp::Provisioning>(service_->gateway());
    const server::amqp::AmqpSettings amqp = amqp_settings();
    amqp_ = std::make_unique<server::amqp::AmqpProtocol>(*amqp_owner_, amqp);
    amqp_over_web_socket_ = std::make_unique<server::amqp::AmqpProtocol>(*amqp_owner_, amqp, "amqp-ws");
    server::HttpSettings http;
    // What is spoken over WebSocket, under the names of device-api.md 8.
    for (const char* name : {"mqtt", "mqttv3.1"}) http.sub_protocols.push_back({name, *mqtt_over_web_socket_});
    for (const char* name : {"amqpwsb10", "amqp"}) http.sub_protocols.push_back({name, *amqp_over_web_socket_});
    http_ = std::make_unique<server::HttpProtocol>(service_->http(), std::move(http));
  }

  server::amqp::AmqpSettings amqp_settings() {
    server::amqp::AmqpSettings settings;
    // In the manner of the service that clients know (device-api.md 7.2).
    settings.engine.container_id = "IoTDPSGW_" + hex_lower(random_.bytes(16));
    settings.engine.max_message = options_.service_limits.message_bytes;
    return settings;
  }

  void watch(const std::vector<server::Endpoint>& endpoints) {
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
      const std::string port = std::to_string(server_->port(i));
      log_info("server.listening", {{"address", endpoints[i].address}, {"port", port}});
      operations_->metrics().listeners().watch(fmt::format("{}:{}", endpoints[i].address, port), server_->counters(i));
    }
    int number = 0;
    for (Executor* thread : server_->threads()) {
      operations_->liveness().watch(fmt::format("server thread {}", ++number), *thread);
    }
  }

  const ServeOptions& options_;
  SystemClock clock_;
  SystemRandom random_;
  outbound::CurlClient outbound_;
  outbound::CurlClient webhook_http_;
  std::unique_ptr<server::DataFolder> folder_;
  std::unique_ptr<server::Operations> operations_;
  std::shared_ptr<crypto::Sealer> sealer_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<const model::InstanceConfig> config_;
  std::unique_ptr<server::Service> service_;
  std::unique_ptr<server::EventMetrics> event_metrics_;
  std::unique_ptr<server::HubActivityMetrics> hub_metrics_;
  std::unique_ptr<server::LinkMetrics> links_;
  std::unique_ptr<server::WebhookMetrics> webhook_metrics_;
  std::unique_ptr<server::mqtt::MqttProtocol> mqtt_;
  std::unique_ptr<server::mqtt::MqttProtocol> mqtt_over_web_socket_;
  std::unique_ptr<server::amqp::Provisioning> amqp_owner_;
  std::unique_ptr<server::amqp::AmqpProtocol> amqp_;
  std::unique_ptr<server::amqp::AmqpProtocol> amqp_over_web_socket_;
  std::unique_ptr<server::HttpProtocol> http_;
  std::unique_ptr<server::Server> server_;
  std::vector<std::string> named_;  ///< in the certificates that the service made for itself
};

/// What SIGHUP asks for.
void reload(Running& running, const server::ServiceManager& manager) {
  manager.reloading();
  running.operations().reopen_log();
  running.reload_identities();
  manager.ready(running.status());
}

/// Until SIGINT or SIGTERM; SIGHUP reloads the certificates and opens the access log anew. New hubs get into the
/// certificates within a beat. Once a minute things are
/// tidied up, and once a day the certificates are looked at anyway. The service manager hears of it all, and that the
/// service is alive for as long as all of its threads answer.
void run_until_stopped(Running& running, const sigset_t& signals, const server::ServiceManager& manager) {
  constexpr int kBeatsPerMaintenance = kMaintenanceInterval / kBeatInterval;
  constexpr int kBeatsPerDay = std::chrono::days(1) / kBeatInterval;
  const timespec interval{kBeatInterval.count(), 0};
  for (int beat = 1;; ++beat) {
    running.operations().beat();
    if (running.operations().liveness().stuck(std::chrono::steady_clock::now()).empty()) manager.alive();
    const int signal = sigtimedwait(&signals, nullptr, &interval);
    if (signal == SIGINT || signal == SIGTERM) {
      manager.stopping();
      log_info("server.stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
      return;
    }
    if (signal == SIGHUP) reload(running, manager);
    running.name_new_hubs();
    running.tend();
    if (beat % kBeatsPerDay == 0) running.reload_identities();
    if (beat % kBeatsPerMaintenance == 0) running.maintain();
  }
}

}  // namespace

int serve(const ServeOptions& options) {
  configure_log(options.log_level, options.log_format);
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto failed = [](const Error& error) {
    log_error("server.not-started", {{"error", error.message}, {"detail", error.detail}});
    fmt::print(stderr, "muster: {}\n", error.message);
    return static_cast<int>(ExitCode::kRefused);
  };
  const server::ServiceManager manager(process_environment()("NOTIFY_SOCKET"));
  const ReadyFile ready_file(options.ready_file);
  auto running = Running::start(options);
  if (!running) return failed(running.error());
  if (auto announced = (*running)->announce(); !announced) return failed(announced.error());
  (*running)->maintain();
  manager.ready((*running)->status());
  run_until_stopped(**running, signals, manager);
  running->reset();
  log_info("server.stopped", {});
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace muster::cli
