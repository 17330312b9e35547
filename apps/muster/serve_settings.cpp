#include "muster/serve_settings.h"

#include <array>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "model/ids.h"
#include "muster/setting_values.h"
#include "outbound/connect_to.h"
#include "provisioning/webhook_target.h"

namespace muster::cli {
namespace {

bool is_ip_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, text.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return invalid("must be ADDRESS:PORT");
  std::string_view address = text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  } else if (address.contains(':')) {
    return invalid("must write an IPv6 address in brackets: [::]:443");
  }
  ListenAddress out{.address = std::string(address)};
  if (!is_ip_address(out.address)) return invalid("must begin with a literal IP address, such as 0.0.0.0 or [::]");
  const auto port = integer_between(text.substr(colon + 1), 0, 65'535);
  if (!port) return invalid("has a port that is not a number from 0 to 65535");
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

Result<void> set_data(ServeOptions& options, Values values) {
  if (values.front().empty()) return invalid("must not be empty");
  options.data = values.front();
  return {};
}

Result<void> set_addresses(std::vector<ListenAddress>& out, Values values) {
  if (values.empty()) return invalid("must name at least one address");
  std::vector<ListenAddress> listen;
  for (const std::string& text : values) {
    auto address = parse_listen_address(text);
    if (!address) return invalid(fmt::format("{}: '{}'", address.error().message, text));
    listen.push_back(*std::move(address));
  }
  out = std::move(listen);
  return {};
}

Result<void> set_listen(ServeOptions& options, Values values) {
  return set_addresses(options.listen, values);
}

/// A listener that a service can do without.
Result<void> set_addresses_or_off(std::vector<ListenAddress>& out, Values values) {
  if (values.size() != 1 || values.front() != "off") return set_addresses(out, values);
  out.clear();
  return {};
}

Result<void> set_mqtt_listen(ServeOptions& options, Values values) {
  return set_addresses_or_off(options.mqtt_listen, values);
}

Result<void> set_amqp_listen(ServeOptions& options, Values values) {
  return set_addresses_or_off(options.amqp_listen, values);
}

Result<void> set_host_names(ServeOptions& options, Values values) {
  if (values.empty()) return invalid("must name at least one host");
  for (const std::string& name : values) {
    if (is_ip_address(name)) continue;
    if (auto checked = model::check_host_name(name, "host_name"); !checked && name != "localhost") {
      return invalid(fmt::format("is not a host name: '{}'", name));
    }
  }
  options.host_names.assign(values.begin(), values.end());
  return {};
}

Result<void> set_certificates(ServeOptions& options, Values values) {
  options.certificates.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) options.certificates[i].certificate = values[i];
  return {};
}

Result<void> set_private_keys(ServeOptions& options, Values values) {
  options.certificates.resize(std::max(options.certificates.size(), values.size()));
  for (std::size_t i = 0; i < options.certificates.size(); ++i) {
    options.certificates[i].private_key = i < values.size() ? values[i] : "";
  }
  return {};
}

Result<void> set_outbound_ca(ServeOptions& options, Values values) {
  options.outbound.ca_file = values.front();
  return {};
}

Result<void> set_outbound_addresses(ServeOptions& options, Values values) {
  options.outbound.connect_to.clear();
  for (const std::string& text : values) {
    auto entry = outbound::connect_host_to(text);
    if (!entry) return std::unexpected(entry.error());
    options.outbound.connect_to.push_back(*std::move(entry));
  }
  return {};
}

Result<void> set_webhook_hosts(ServeOptions& options, Values values) {
  options.webhooks.hosts.clear();
  for (const std::string& text : values) {
    if (!provisioning::is_host_pattern(text)) {
      return invalid(fmt::format("must name hosts, or \"*.\" and a domain: '{}'", text));
    }
    options.webhooks.hosts.push_back(text);
  }
  return {};
}

/// Whole seconds into a finer time.
template <int least, int most>
Result<void> set_seconds(std::chrono::milliseconds& out, Values values) {
  std::chrono::seconds seconds{};
  auto set = set_duration<least, most>(seconds, values);
  if (set) out = seconds;
  return set;
}

Result<void> set_own_region(ServeOptions& options, Values values) {
  options.geo.set_own_region(values.front());
  return {};
}

Result<void> set_networks(ServeOptions& options, Values values) {
  for (const std::string& text : values) {
    if (auto added = options.geo.add_network(text); !added) return added;
  }
  return {};
}

Result<void> set_latencies(ServeOptions& options, Values values) {
  for (const std::string& text : values) {
    if (auto added = options.geo.add_latency(text); !added) return added;
  }
  return {};
}

Result<void> set_threads(ServeOptions& options, Values values) {
  auto value = integer_between(values.front(), 1, 1024);
  if (!value) return std::unexpected(value.error());
  options.threads = static_cast<unsigned>(*value);
  return {};
}

Result<void> set_ready_file(ServeOptions& options, Values values) {
  if (values.front().empty()) return invalid("must not be empty");
  options.ready_file = values.front();
  return {};
}

Result<void> set_operations_listen(ServeOptions& options, Values values) {
  if (values.front() == "off") {
    options.operations_listen.reset();
    return {};
  }
  auto address = parse_listen_address(values.front());
  if (!address) return invalid(fmt::format("{}, or be off: '{}'", address.error().message, values.front()));
  options.operations_listen = *std::move(address);
  return {};
}

Result<void> set_access_log(ServeOptions& options, Values values) {
  if (values.front().empty()) return invalid("must name a file, or be - or off");
  options.access_log.reset();
  if (values.front() != "off") options.access_log = values.front();
  return {};
}

Result<void> set_log_level(ServeOptions& options, Values values) {
  constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {{{"debug", LogLevel::kDebug},
                                                                             {"info", LogLevel::kInfo},
                                                                             {"warning", LogLevel::kWarning},
                                                                             {"error", LogLevel::kError}}};
  for (const auto& [name, level] : kLevels) {
    if (values.front() == name) {
      options.log_level = level;
      return {};
    }
  }
  return invalid("must be debug, info, warning or error");
}

Result<void> set_log_format(ServeOptions& options, Values values) {
  if (values.front() != "text" && values.front() != "json") return invalid("must be text or json");
  options.log_format = values.front() == "json" ? LogFormat::kJson : LogFormat::kText;
  return {};
}

Result<void> set_expiry(ServeOptions& options, Values values) {
  constexpr std::array<std::pair<std::string_view, crypto::ExpiryRule>, 3> kRules = {
      {{"strict", crypto::ExpiryRule::kStrict},
       {"leaf-only", crypto::ExpiryRule::kLeafOnly},
       {"off", crypto::ExpiryRule::kOff}}};
  for (const auto& [name, rule] : kRules) {
    if (values.front() == name) {
      options.attestation.path.expiry = rule;
      return {};
    }
  }
  return invalid("must be strict, leaf-only or off");
}

Result<void> set_store_batch(ServeOptions& options, Values values) {
  auto value = integer_between(values.front(), 1, 100'000);
  if (!value) return std::unexpected(value.error());
  options.store_max_batch = static_cast<std::size_t>(*value);
  return {};
}

Result<void> set_local_hub(ServeOptions& options, Values values) {
  if (!model::check_host_name(values.front(), "local_host_name")) return invalid("is not a dotted host name");
  options.local_hub = values.front();
  return {};
}

Result<void> set_event_megabytes(ServeOptions& options, Values values) {
  std::uint64_t megabytes = 0;
  auto set = set_integer<0, 1'000'000'000>(megabytes, values);
  if (!set) return set;
  options.event_retention.octets = megabytes == 0 ? hub::RetentionSettings::kAny : megabytes * 1'000'000;
  return {};
}

constexpr int kMaxConnections = 10'000'000;
constexpr int kMaxBody = 1024 * 1024;
constexpr int kMaxRate = 1'000'000;  // the limiter's steps are of microseconds
constexpr int kMaxRows = 1'000'000'000;
constexpr int kHour = 3600;
constexpr int kDay = 24 * kHour;
constexpr int kWeekInMinutes = 7 * 24 * 60;

constexpr std::array kSettings = std::to_array<ServeSetting>({
    {"", "data", SettingType::kText, "MUSTER_DATA", "--data", "DIR",
     "Folder of the store and of generated keys, made when missing (default ./muster-data)", set_data},
    {"", "listen", SettingType::kTextList, "MUSTER_LISTEN", "--listen", "ADDRESS:PORT",
     "Where to listen, repeatable (default 0.0.0.0:443)", set_listen},
    {"", "mqtt_listen", SettingType::kTextList, "MUSTER_MQTT_LISTEN", "--mqtt-listen", "ADDRESS:PORT|off",
     "Where to listen for MQTT, repeatable (default 0.0.0.0:8883, which is what device SDKs have built in)",
     set_mqtt_listen},
    {"", "amqp_listen", SettingType::kTextList, "MUSTER_AMQP_LISTEN", "--amqp-listen", "ADDRESS:PORT|off",
     "Where to listen for AMQP, repeatable (default 0.0.0.0:5671, which is what device SDKs have built in)",
     set_amqp_listen},
    {"", "host_name", SettingType::kTextList, "MUSTER_HOST_NAME", "--host-name", "NAME",
     "Name under which devices and tools reach the service, repeatable (default the machine's name)", set_host_names},
    {"", "certificate", SettingType::kTextList, "MUSTER_CERTIFICATE", "--certificate", "FILE",
     "Server certificate with its chain (PEM), repeatable for RSA next to ECDSA (default: made by the service)",
     set_certificates},
    {"", "private_key", SettingType::kTextList, "MUSTER_PRIVATE_KEY", "--private-key", "FILE",
     "Private key (PEM) of the certificate given at the same position", set_private_keys},
    {"", "threads", SettingType::kInteger, "MUSTER_THREADS", "--threads", "N", "Threads (default one per core)",
     set_threads},
    {"", "ready_file", SettingType::kText, "MUSTER_READY_FILE", "--ready-file", "FILE",
     "File that is written when the service accepts connections", set_ready_file},
    {"", "operations_listen", SettingType::kText, "MUSTER_OPERATIONS_LISTEN", "--operations-listen", "ADDRESS:PORT|off",
     "Where metrics and health checks are served, without TLS (default 127.0.0.1:9464)", set_operations_listen},
    {"", "access_log", SettingType::kText, "MUSTER_ACCESS_LOG", "--access-log", "FILE|-|off",
     "File for one JSON line per operation, opened anew on SIGHUP; - for standard output (default off)",
     set_access_log},
    {"", "log_level", SettingType::kText, "MUSTER_LOG_LEVEL", "--log-level", "LEVEL",
     "debug, info, warning or error (default info)", set_log_level},
    {"", "log_format", SettingType::kText, "MUSTER_LOG_FORMAT", "--log-format", "FORMAT", "text or json (default text)",
     set_log_format},
    {"", "fast_decode", SettingType::kBoolean, "MUSTER_FAST_DECODE", "--fast-decode", "on|off",
     "Faster decoding of public keys in handshakes (default on)",
     [](ServeOptions& o, Values v) { return set_switch(o.fast_decode, v); }},
    {"limits", "max_connections", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, kMaxConnections>(o.limits.max_connections, v); }},
    {"limits", "max_connections_per_address", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) {
       return set_integer<1, kMaxConnections>(o.limits.max_connections_per_address, v);
     }},
    {"limits", "max_message_bytes", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1024, kMaxBody>(o.service_limits.message_bytes, v); }},
    {"limits", "max_bulk_items", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, 1000>(o.service_limits.bulk_items, v); }},
    {"limits", "operations_per_minute", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRate>(o.service_limits.operations.count, v); }},
    {"limits", "registrations_per_minute", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRate>(o.service_limits.registrations.count, v); }},
    {"limits", "tpm_challenges_per_minute", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRate>(o.service_limits.tpm_challenges.count, v); }},
    {"limits", "device_registrations_per_minute", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRate>(o.service_limits.device_registrations.count, v); }},
    {"limits", "device_polls_per_10_seconds", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRate>(o.service_limits.device_polls.count, v); }},
    {"limits", "max_enrollments", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRows>(o.row_limits.enrollments, v); }},
    {"limits", "max_x509_groups", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRows>(o.row_limits.x509_groups, v); }},
    {"limits", "max_symmetric_key_groups", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRows>(o.row_limits.symmetric_key_groups, v); }},
    {"limits", "max_registrations", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRows>(o.row_limits.registrations, v); }},
    {"limits", "max_ca_certificates", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRows>(o.row_limits.ca_certificates, v); }},
    {"limits", "max_linked_hubs", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, 1000>(o.service_limits.linked_hubs, v); }},
    {"timeouts", "handshake", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<1, kHour>(o.timeouts.handshake, v); }},
    {"timeouts", "head", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<1, kHour>(o.timeouts.head, v); }},
    {"timeouts", "body", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<1, kHour>(o.timeouts.body, v); }},
    {"timeouts", "idle", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<1, kHour>(o.timeouts.idle, v); }},
    {"attestation", "expiry", SettingType::kText, "", "", "", "", set_expiry},
    {"attestation", "clock_tolerance_seconds", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<0, kDay>(o.attestation.path.clock_tolerance, v); }},
    {"attestation", "min_rsa_bits", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1024, 16'384>(o.attestation.path.min_rsa_bits, v); }},
    {"attestation", "allow_ed25519", SettingType::kBoolean, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_switch(o.attestation.path.allow_ed25519, v); }},
    {"attestation", "sas_clock_tolerance_seconds", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<0, kDay>(o.attestation.sas_tolerance, v); }},
    {"attestation", "tpm_challenge_minutes", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) {
       std::chrono::minutes life{};
       auto set = set_duration<1, kWeekInMinutes>(life, v);
       if (set) o.attestation.tpm_challenge_life = life;
       return set;
     }},
    {"store", "max_batch", SettingType::kInteger, "", "", "", "", set_store_batch},
    {"operations", "retention_minutes", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<1, kWeekInMinutes>(o.operation_retention, v); }},
    {"attempts", "keep", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, 100'000'000>(o.attempts.keep, v); }},
    {"attempts", "days", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) {
       std::chrono::days days{};
       auto set = set_duration<1, 3650>(days, v);
       if (set) o.attempts.age = days;
       return set;
     }},
    {"hub", "local_host_name", SettingType::kText, "", "", "", "", set_local_hub},
    {"hub", "max_open_jobs", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, 10'000>(o.jobs.most_open, v); }},
    {"hub", "job_devices_per_second", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, 100'000>(o.job_runner.operations_per_second, v); }},
    {"hub", "lifecycle_events", SettingType::kBoolean, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_switch(o.notices.lifecycle, v); }},
    {"hub", "twin_change_events", SettingType::kBoolean, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_switch(o.notices.twin_changes, v); }},
    {"hub", "connection_events", SettingType::kBoolean, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_switch(o.notices.connections, v); }},
    {"hub", "security_events", SettingType::kBoolean, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_switch(o.notices.security, v); }},
    {"hub", "refused_connects_per_minute", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRate>(o.refused_connects.device.count, v); }},
    {"hub", "refused_connects_per_minute_of_address", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, kMaxRate>(o.refused_connects.address.count, v); }},
    {"hub", "event_retention_days", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<1, 3650>(o.event_retention.age, v); }},
    {"hub", "event_retention_megabytes", SettingType::kInteger, "", "", "", "", set_event_megabytes},
    {"linked_hubs", "calls_per_minute", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, kMaxRate>(o.hub_links.calls_per_minute, v); }},
    {"linked_hubs", "burst_calls", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, kMaxRate>(o.hub_links.burst, v); }},
    {"linked_hubs", "concurrent_calls", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, 1000>(o.hub_links.concurrent, v); }},
    {"linked_hubs", "timeout_seconds", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) {
       std::chrono::seconds timeout{};
       auto set = set_duration<1, kHour>(timeout, v);
       if (set) o.hub_links.timeout = timeout;
       return set;
     }},
    {"linked_hubs", "give_up_seconds", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_duration<1, kDay>(o.hub_patience, v); }},
    {"allocation", "webhook_hosts", SettingType::kTextList, "", "", "", "", set_webhook_hosts},
    {"allocation", "webhook_connect_seconds", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_seconds<1, 60>(o.webhooks.connect_timeout, v); }},
    {"allocation", "webhook_timeout_seconds", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_seconds<1, 300>(o.webhooks.timeout, v); }},
    {"allocation", "webhook_concurrent_calls", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, 1000>(o.webhooks.concurrent, v); }},
    {"allocation", "webhook_failures_to_rest", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<1, 1000>(o.webhooks.failures_to_rest, v); }},
    {"allocation", "webhook_keep_exchanges", SettingType::kInteger, "", "", "", "",
     [](ServeOptions& o, Values v) { return set_integer<0, 1000>(o.webhooks.keep_exchanges, v); }},
    {"geo", "region", SettingType::kText, "", "", "", "", set_own_region},
    {"geo", "networks", SettingType::kTextList, "", "", "", "", set_networks},
    {"geo", "latencies", SettingType::kTextList, "", "", "", "", set_latencies},
    {"outbound", "ca_file", SettingType::kText, "", "", "", "", set_outbound_ca},
    {"outbound", "connect_to", SettingType::kTextList, "", "", "", "", set_outbound_addresses},
});

}  // namespace

std::span<const ServeSetting> serve_settings() {
  return kSettings;
}

}  // namespace muster::cli
