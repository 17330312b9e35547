#include "muster/sink_options.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace muster::cli {
namespace {

using hub::SinkKind;
using hub::SinkPayload;
using hub::SinkSettings;

constexpr std::size_t kLongestName = 64;
constexpr std::uint16_t kMqttPort = 1883;
constexpr std::uint16_t kMqttsPort = 8883;

Result<void> set_name(SinkSettings& sink, Values values) {
  const std::string& name = values.front();
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (name.empty() || name.size() > kLongestName || !plain) {
    return invalid("must be up to 64 letters, digits, '-' and '_'");
  }
  sink.name = name;
  return {};
}

/// HOST or HOST:PORT; an IPv6 address in brackets.
Result<void> set_broker(SinkSettings& sink, std::string_view authority, std::uint16_t usual_port) {
  sink.port = usual_port;
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && !authority.ends_with(']')) {
    auto port = integer_between(authority.substr(colon + 1), 1, 65'535);
    if (!port) return invalid("has a port that is not a number from 1 to 65535");
    sink.port = static_cast<std::uint16_t>(*port);
    authority = authority.substr(0, colon);
  }
  if (authority.size() > 2 && authority.front() == '[' && authority.back() == ']') {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty() || authority.find_first_of("/@[]?#") != std::string_view::npos) {
    return invalid("must be mqtts://HOST or mqtts://HOST:PORT; user name and password have keys of their own");
  }
  sink.host = authority;
  return {};
}

Result<void> set_url(SinkSettings& sink, Values values) {
  const std::string_view url = values.front();
  const auto after = [&](std::string_view scheme) { return url.substr(scheme.size()); };
  sink.url = url;
  sink.kind = url.starts_with("https://") ? SinkKind::kWebhook : SinkKind::kMqtt;
  sink.tls = !url.starts_with("mqtt://");
  if (sink.kind == SinkKind::kWebhook && url.size() > std::string_view("https://").size()) return {};
  if (url.starts_with("mqtts://")) return set_broker(sink, after("mqtts://"), kMqttsPort);
  if (url.starts_with("mqtt://")) return set_broker(sink, after("mqtt://"), kMqttPort);
  return invalid("must begin with https://, mqtts:// or mqtt://");
}

Result<void> set_topic_prefix(SinkSettings& sink, Values values) {
  const std::string& prefix = values.front();
  if (prefix.empty() || prefix.size() > 200 || prefix.find_first_of("+#") != std::string::npos ||
      prefix.starts_with('/') || prefix.ends_with('/')) {
    return invalid("must be the beginning of a topic, without wildcards and outer slashes");
  }
  sink.topic_prefix = prefix;
  return {};
}

Result<void> set_payload(SinkSettings& sink, Values values) {
  if (values.front() != "envelope" && values.front() != "body") return invalid("must be envelope or body");
  sink.payload = values.front() == "body" ? SinkPayload::kBody : SinkPayload::kEnvelope;
  return {};
}

template <auto member>
Result<void> set_text(SinkSettings& sink, Values values) {
  if (values.front().empty()) return invalid("must not be empty");
  sink.*member = values.front();
  return {};
}

constexpr std::array kSettings = std::to_array<SinkSetting>({
    {"name", SettingType::kText, set_name},
    {"url", SettingType::kText, set_url},
    {"hub", SettingType::kText, set_text<&SinkSettings::hub>},
    {"batch_events", SettingType::kInteger,
     [](SinkSettings& s, Values v) { return set_integer<1, 1000>(s.events, v); }},
    {"timeout_seconds", SettingType::kInteger,
     [](SinkSettings& s, Values v) { return set_duration<1, 300>(s.timeout, v); }},
    {"refusals", SettingType::kInteger, [](SinkSettings& s, Values v) { return set_integer<1, 1000>(s.refusals, v); }},
    {"secret_file", SettingType::kText, set_text<&SinkSettings::secret_file>},
    {"ca_file", SettingType::kText, set_text<&SinkSettings::ca_file>},
    {"user_name", SettingType::kText, set_text<&SinkSettings::user_name>},
    {"password_file", SettingType::kText, set_text<&SinkSettings::password_file>},
    {"certificate", SettingType::kText, set_text<&SinkSettings::certificate>},
    {"private_key", SettingType::kText, set_text<&SinkSettings::private_key>},
    {"topic_prefix", SettingType::kText, set_topic_prefix},
    {"payload", SettingType::kText, set_payload},
});

Result<void> check_webhook(const SinkSettings& sink) {
  if (sink.secret_file.empty()) return invalid("a webhook needs a 'secret_file'");
  if (!sink.ca_file.empty()) return invalid("'ca_file' is for brokers; webhooks have [outbound] ca_file");
  const SinkSettings usual;
  if (!sink.user_name.empty() || !sink.password_file.empty() || !sink.certificate.empty() ||
      !sink.private_key.empty() || sink.topic_prefix != usual.topic_prefix || sink.payload != usual.payload) {
    return invalid(
        "'user_name', 'password_file', 'certificate', 'private_key', 'topic_prefix' and 'payload' are for "
        "brokers");
  }
  return {};
}

Result<void> check_broker(const SinkSettings& sink) {
  if (!sink.secret_file.empty()) return invalid("'secret_file' is for webhooks");
  if (sink.certificate.empty() != sink.private_key.empty()) {
    return invalid("'certificate' and 'private_key' go together");
  }
  if (!sink.password_file.empty() && sink.user_name.empty()) return invalid("'password_file' needs a 'user_name'");
  if (!sink.tls && (!sink.ca_file.empty() || !sink.certificate.empty())) {
    return invalid("'ca_file' and 'certificate' are for mqtts://");
  }
  return {};
}

}  // namespace

std::span<const SinkSetting> sink_settings() {
  return kSettings;
}

Result<void> check_sink(const SinkSettings& sink) {
  if (sink.name.empty() || sink.url.empty()) return invalid("a sink needs a 'name' and a 'url'");
  return sink.kind == SinkKind::kWebhook ? check_webhook(sink) : check_broker(sink);
}

}  // namespace muster::cli
