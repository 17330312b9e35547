#include "muster/serve_options.h"

#include <algorithm>
#include <array>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include "muster/config_file.h"
#include "muster/serve_settings.h"
#include "provisioning/webhook_answer.h"
#include "provisioning/webhook_target.h"

namespace muster::cli {
namespace {

Result<void> apply(const ServeSetting& setting, std::string_view source, std::span<const std::string> values,
                   ServeOptions& options) {
  auto applied = setting.apply(options, values);
  if (applied) return {};
  return invalid(fmt::format("{}: '{}' {}", source, setting.key, applied.error().message));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    out.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

Result<void> apply_environment(const Environment& environment, ServeOptions& options) {
  for (const ServeSetting& setting : serve_settings()) {
    if (setting.environment.empty()) continue;
    const auto text = environment(std::string(setting.environment));
    if (!text) continue;
    const auto values = setting.type == SettingType::kTextList ? split_list(*text) : std::vector{*text};
    if (auto applied = apply(setting, setting.environment, values, options); !applied) return applied;
  }
  return {};
}

Result<void> apply_flags(const ServeFlags& flags, ServeOptions& options) {
  for (const ServeSetting& setting : serve_settings()) {
    const auto found = flags.find(setting.key);
    if (setting.flag.empty() || found == flags.end() || found->second.empty()) continue;
    if (auto applied = apply(setting, setting.flag, found->second, options); !applied) return applied;
  }
  return {};
}

Result<hub::SinkSettings> make_sink(const ConfiguredSink& configured) {
  hub::SinkSettings sink;
  for (const ConfiguredSink::Value& value : configured.values) {
    if (auto applied = value.setting->apply(sink, value.values); !applied) {
      return invalid(fmt::format("{}: '{}' {}", value.source, value.setting->key, applied.error().message));
    }
  }
  if (auto checked = check_sink(sink); !checked) {
    return invalid(fmt::format("{}: {}", configured.source, checked.error().message));
  }
  return sink;
}

Result<void> add_sinks(const std::vector<ConfiguredSink>& configured, ServeOptions& options) {
  for (const ConfiguredSink& each : configured) {
    auto sink = make_sink(each);
    if (!sink) return std::unexpected(sink.error());
    const auto same = [&](const hub::SinkSettings& other) { return other.name == sink->name; };
    if (std::ranges::any_of(options.sinks, same)) {
      return invalid(fmt::format("{}: there is another sink with the name '{}'", each.source, sink->name));
    }
    options.sinks.push_back(*std::move(sink));
  }
  return {};
}

Result<void> check_certificates(const ServeOptions& options) {
  for (const CertificateFiles& files : options.certificates) {
    if (files.certificate.empty() || files.private_key.empty()) {
      return invalid("Each --certificate needs a --private-key at the same position, and the other way round.");
    }
  }
  return {};
}

/// A hub below the service's own name resolves wherever the service's wildcard does; a bare or numeric name has no
/// domain to stand in.
std::string default_local_hub(const std::string& host_name) {
  const bool dotted = host_name.contains('.') && !host_name.contains(':');
  const bool numeric = host_name.find_first_not_of("0123456789.") == std::string::npos;
  return dotted && !numeric ? "hub." + host_name : "hub.muster.local";
}

}  // namespace

std::vector<std::string> ServeOptions::certificate_names() const {
  std::vector<std::string> names = host_names;
  for (const std::string& always : {local_hub, std::string("localhost"), std::string("127.0.0.1")}) {
    if (!always.empty() && std::ranges::find(names, always) == names.end()) names.push_back(always);
  }
  return names;
}

outbound::HttpOptions ServeOptions::webhook_http() const {
  using provisioning::WebhookHosts;
  outbound::HttpOptions http = outbound;
  http.connect_timeout = webhooks.connect_timeout;
  http.timeout = webhooks.timeout;
  http.max_response = provisioning::kMaxWebhookAnswer;
  http.max_connections_per_host = webhooks.concurrent;
  http.refused_networks =
      provisioning::refused_webhook_networks(webhooks.hosts.empty() ? WebhookHosts::kAny : WebhookHosts::kNamed);
  return http;
}

Machine this_machine() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  Machine machine{.host_name = name.data(), .cores = std::max(1U, std::thread::hardware_concurrency())};

  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (!machine.host_name.empty() && getaddrinfo(name.data(), nullptr, &hints, &found) == 0) {
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    if (found->ai_canonname != nullptr) machine.host_name = found->ai_canonname;
  }
  return machine;
}

Result<ServeOptions> load_serve_options(const std::optional<ConfigFile>& config, const Environment& environment,
                                        const ServeFlags& flags, const Machine& machine) {
  ServeOptions options;
  options.host_names = {machine.host_name.empty() ? "localhost" : machine.host_name};
  options.threads = std::max(1U, machine.cores);

  if (config) {
    const auto configured = read_config(*config);
    if (!configured) return std::unexpected(configured.error());
    for (const ConfiguredValue& value : configured->values) {
      if (auto applied = apply(*value.setting, value.source, value.values, options); !applied) {
        return std::unexpected(applied.error());
      }
    }
    if (auto added = add_sinks(configured->sinks, options); !added) return std::unexpected(added.error());
  }
  if (auto applied = apply_environment(environment, options); !applied) return std::unexpected(applied.error());
  if (auto applied = apply_flags(flags, options); !applied) return std::unexpected(applied.error());
  if (auto checked = check_certificates(options); !checked) return std::unexpected(checked.error());
  if (options.local_hub.empty()) options.local_hub = default_local_hub(options.host_names.front());
  for (hub::SinkSettings& sink : options.sinks) {
    if (sink.hub.empty()) sink.hub = options.local_hub;
  }
  return options;
}

}  // namespace muster::cli
