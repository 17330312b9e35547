#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/secret.h"
#include "load/script.h"
#include "load/tpm_pool.h"

namespace muster::bench {

enum class Transport { kHttps, kMqtt, kAmqp };

/// A fleet that registers: each device once, with a handshake of its own, a register request and polls until it is
/// assigned. The pause before a poll is what the server asked for in Retry-After.
struct FleetSettings {
  std::string host;  ///< Host header
  std::string id_scope;
  std::string prefix;  ///< registration ids are `prefix` followed by a number
  std::size_t first = 0;
  std::size_t stride = 1;  ///< step between the numbers, to spread the devices over a large store
  std::size_t count = 1;
  std::filesystem::path certificates;  ///< folder of write_certificates; empty: the devices send tokens
  Transport transport = Transport::kHttps;
  bool hold = false;           ///< MQTT, AMQP: connect and subscribe or attach, then stay silent
  std::filesystem::path tpms;  ///< folder of write_tpms: the devices prove themselves by TPMs; HTTPS only
  bool any_answer = false;     ///< TPMs: the server is the reference, whose fixed blobs are for nobody
  SecretBytes group_key;       ///< token keys are derived from it and the registration id (device-api.md 4.3)
};

class Fleet final : public ScriptSource {
 public:
  /// Makes the identities of all devices, so that the run itself only presents them.
  static Result<std::unique_ptr<Fleet>> create(FleetSettings settings);
  std::unique_ptr<Script> make(std::size_t index) override;

  [[nodiscard]] const FleetSettings& settings() const { return settings_; }
  /// Good for an hour.
  [[nodiscard]] std::string token(const std::string& registration_id, const SecretBytes& key) const;

  [[nodiscard]] std::size_t polls() const { return polls_; }
  void count_poll() { ++polls_; }
  /// The first answers to a register request and to a last poll, as a model for the reference server.
  [[nodiscard]] const std::string& register_body() const { return register_body_; }
  [[nodiscard]] const std::string& status_body() const { return status_body_; }
  [[nodiscard]] const std::string& challenge_body() const { return challenge_body_; }
  void saw_challenge_body(std::string_view body) {
    if (challenge_body_.empty()) challenge_body_ = body;
  }
  void saw_register_body(std::string_view body) {
    if (register_body_.empty()) register_body_ = body;
  }
  void saw_status_body(std::string_view body) {
    if (status_body_.empty()) status_body_ = body;
  }

 private:
  explicit Fleet(FleetSettings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] std::string registration_id(std::size_t index) const;

  FleetSettings settings_;
  std::vector<Identity> identities_;
  Tpms tpms_;
  std::size_t polls_ = 0;
  std::string challenge_body_;
  std::string register_body_;
  std::string status_body_;
};

}  // namespace muster::bench
