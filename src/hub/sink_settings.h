#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace muster::hub {

/// Where a sink delivers to, by the scheme of its URL.
enum class SinkKind : std::uint8_t { kWebhook, kMqtt };

/// What a message at a broker holds.
enum class SinkPayload : std::uint8_t {
  kEnvelope,  ///< what GET /events shows of the event
  kBody,      ///< what the device sent
};

/// One place that the events of a hub are delivered to (hub-api.md 6.3).
struct SinkSettings {
  std::string name;  ///< letters, digits, '-', '_'; also names the place in the log that is kept for it
  std::string hub;   ///< host name; empty: the hub that the configuration names
  SinkKind kind = SinkKind::kWebhook;
  bool tls = true;
  std::string url;                      ///< of a webhook: all of it
  std::string host;                     ///< of a broker
  std::uint16_t port = 0;               ///< of a broker
  std::size_t events = 100;             ///< in one batch
  std::chrono::seconds timeout{30};     ///< for an answer
  std::size_t refusals = 5;             ///< of one batch, after which it is given up
  std::filesystem::path ca_file;        ///< PEM; empty: the CAs of the system
  std::filesystem::path secret_file;    ///< of a webhook: what signs its batches
  std::string user_name;                ///< at a broker
  std::filesystem::path password_file;  ///< at a broker
  std::filesystem::path certificate;    ///< client certificate, PEM
  std::filesystem::path private_key;    ///< PEM
  std::string topic_prefix = "hub";     ///< at a broker
  SinkPayload payload = SinkPayload::kEnvelope;

  bool operator==(const SinkSettings&) const = default;
};

}  // namespace muster::hub
