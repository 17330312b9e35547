#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "hub/sink.h"
#include "hub/sink_settings.h"
#include "outbound/http.h"

namespace muster::hub {

/// Delivers batches as one POST each: a JSON array of what GET /events shows. Signed as Standard Webhooks 1.0.0 has it
/// (standardwebhooks.com), so that receivers verify them with a library and refuse what is repeated later: headers
/// `webhook-id`, `webhook-timestamp` and `webhook-signature`. The id is the same when the same events come again.
class SinkWebhook final : public SinkTarget {
 public:
  /// `client` and `clock` outlive this. The secret is of read_webhook_secret().
  SinkWebhook(const SinkSettings& settings, SecretBytes secret, outbound::HttpClient& client, const Clock& clock)
      : settings_(settings), secret_(std::move(secret)), client_(client), clock_(clock) {}

  Task<Delivery> deliver(const HubName& hub, const std::vector<model::HubEvent>& events) override;
  void stop() override { stopping_ = true; }

 private:
  [[nodiscard]] outbound::HttpRequest make_request(const HubName& hub,
                                                   const std::vector<model::HubEvent>& events) const;

  const SinkSettings settings_;
  const SecretBytes secret_;
  outbound::HttpClient& client_;
  const Clock& clock_;
  std::atomic<bool> stopping_ = false;
};

/// A file with the base64 of 24 to 64 octets, with or without the prefix `whsec_` of Standard Webhooks. The error never
/// has its content.
Result<SecretBytes> read_webhook_secret(const std::filesystem::path& file);

/// `v1,` and the base64 of the HMAC-SHA256 of "id.timestamp.body".
std::string webhook_signature(const SecretBytes& secret, std::string_view id, std::string_view timestamp,
                              std::string_view body);

}  // namespace muster::hub
