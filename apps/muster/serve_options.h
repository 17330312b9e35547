#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "hub/event_settings.h"
#include "hub/jobs.h"
#include "hub/link_settings.h"
#include "hub/sink_settings.h"
#include "model/geo.h"
#include "model/hub_notice.h"
#include "muster/environment.h"
#include "outbound/http.h"
#include "provisioning/settings.h"
#include "server/api/service_limits.h"
#include "server/mqtt/refused_connects.h"
#include "store/row_limits.h"

namespace muster::cli {

/// An address to listen on: a literal IPv4 or IPv6 address (no brackets) and a TCP port; port 0 takes a free one.
struct ListenAddress {
  std::string address = "0.0.0.0";
  std::uint16_t port = 443;

  bool operator==(const ListenAddress&) const = default;
};

/// A server certificate (PEM, leaf first, then its issuers) and its private key (PEM).
struct CertificateFiles {
  std::filesystem::path certificate;
  std::filesystem::path private_key;

  bool operator==(const CertificateFiles&) const = default;
};

struct ConnectionLimits {
  int max_connections = 20'000;
  int max_connections_per_address = 2'000;

  bool operator==(const ConnectionLimits&) const = default;
};

/// How long a connection may take for each stage.
struct ConnectionTimeouts {
  std::chrono::seconds handshake{10};
  std::chrono::seconds head{20};
  std::chrono::seconds body{60};
  std::chrono::seconds idle{130};  ///< device SDKs keep a connection for two minutes (device-api.md 3.8)

  bool operator==(const ConnectionTimeouts&) const = default;
};

/// Everything `muster serve` can be told: defaults, then the TOML file, the environment and the flags, later ones
/// winning setting by setting.
struct ServeOptions {
  std::filesystem::path data = "./muster-data";
  std::vector<ListenAddress> listen = {ListenAddress{}};
  std::vector<ListenAddress> mqtt_listen = {ListenAddress{.address = "0.0.0.0", .port = 8883}};  ///< may be empty
  std::vector<ListenAddress> amqp_listen = {ListenAddress{.address = "0.0.0.0", .port = 5671}};  ///< may be empty
  std::vector<std::string> host_names;         ///< never empty once loaded; the first names the first instance
  std::vector<CertificateFiles> certificates;  ///< empty: the service makes its own
  unsigned threads = 1;
  std::optional<std::filesystem::path> ready_file;  ///< written when every listener accepts
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  bool fast_decode = true;  ///< OpenSSL's faster public-key decoding (design section 5)
  /// Where metrics and health are served, without TLS; none: nowhere.
  std::optional<ListenAddress> operations_listen = ListenAddress{.address = "127.0.0.1", .port = 9464};
  std::optional<std::filesystem::path> access_log;  ///< "-": standard output; none: no access log

  ConnectionLimits limits;
  server::ServiceLimits service_limits;  ///< [limits] calls and what they carry
  store::RowLimits row_limits;           ///< [limits] how many entries, records and certificates there may be
  ConnectionTimeouts timeouts;
  provisioning::AttestationSettings attestation;  ///< (R-050, R-051, R-055, device-api.md 4.1)
  std::size_t store_max_batch = 128;              ///< [store] changes in one commit
  std::chrono::minutes operation_retention{60};   ///< [operations] how long results stay readable (device-api.md 9)
  provisioning::AttemptRetention attempts;        ///< [attempts] how much is kept for explanations
  std::vector<hub::SinkSettings> sinks;           ///< [[hub.sink]], with names of their own
  server::mqtt::RefusedConnectLimits refused_connects;  ///< [hub] clients that prove nothing
  model::HubNoticeSettings notices;                     ///< [hub] what is told of devices besides what they say
  hub::RetentionSettings event_retention;               ///< [hub] how long and how much of what devices say is kept
  std::string local_hub;                                ///< [hub] host name of the hub that this service serves itself
  hub::Jobs::Settings jobs;                             ///< [hub] how many jobs may be open
  hub::JobRunner::Settings job_runner;                  ///< [hub] how fast they go
  hub::AzureLinkSettings hub_links;                     ///< [linked_hubs] how hubs elsewhere are called
  std::chrono::seconds hub_patience{300};  ///< [linked_hubs] until a registration that its hub fails has failed
  model::GeoTable geo;                     ///< [geo] where networks are, and how far from each other (R-086)
  provisioning::WebhookSettings webhooks;  ///< [allocation] how webhooks are called
  outbound::HttpOptions outbound = {.trust_system = true};  ///< [outbound] how linked hubs and webhooks are reached

  /// How webhooks are reached: as linked hubs are, within narrower limits, and not at every address.
  [[nodiscard]] outbound::HttpOptions webhook_http() const;
  /// The names a generated server certificate carries: the host names, "localhost" and "127.0.0.1".
  [[nodiscard]] std::vector<std::string> certificate_names() const;
};

/// What the machine says of itself, for defaults.
struct Machine {
  std::string host_name;  ///< fully qualified when known; empty when not
  unsigned cores = 1;
};

/// The host name as the resolver completes it, and the number of cores.
Machine this_machine();

struct ConfigFile {
  std::string name;  ///< as shown in errors
  std::string text;
};

/// Texts of flags by the name of their setting ("listen", "log_level"); absent: not given.
using ServeFlags = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Pure: the options out of all sources. kInvalidArgument names the source ("muster.toml line 3", "MUSTER_LISTEN",
/// "--listen"), the setting and what is wrong. Unknown keys and values of a wrong type in the file are errors.
Result<ServeOptions> load_serve_options(const std::optional<ConfigFile>& config, const Environment& environment,
                                        const ServeFlags& flags, const Machine& machine);

/// A TOML file with every key at its default and what it means.
std::string_view example_config();

}  // namespace muster::cli
