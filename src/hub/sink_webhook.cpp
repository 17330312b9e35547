#include "hub/sink_webhook.h"

#include <charconv>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace muster::hub {
namespace {

constexpr std::size_t kLongestSecretFile = 1024;
constexpr std::size_t kShortestSecret = 24;
constexpr std::size_t kLongestSecret = 64;
constexpr std::string_view kSecretPrefix = "whsec_";

std::string make_body(const std::vector<model::HubEvent>& events) {
  std::string out = "[";
  for (const model::HubEvent& event : events) {
    if (out.size() > 1) out += ',';
    out += boost::json::serialize(to_json(event));
  }
  return out + "]";
}

/// Numbers begin again with another database, times do not. No dots: they part what is signed.
std::string make_id(const std::string& sink, const std::vector<model::HubEvent>& events) {
  return fmt::format("{}_{}_{}_{}", sink, events.front().sequence, events.back().sequence,
                     to_micros(events.front().enqueued));
}

std::optional<std::chrono::seconds> retry_after(const outbound::HttpResponse& response) {
  const auto text = response.header("Retry-After");
  unsigned seconds = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), seconds).ec != std::errc()) return {};
  return std::chrono::seconds(seconds);
}

/// Who is busy, or at fault itself, may take the same again later; another 4xx says that it never will, and so does a
/// redirect, which is not followed: the signature is for one receiver.
Delivery::Verdict judge(int status) {
  if (status >= 200 && status < 300) return Delivery::Verdict::kDone;
  if (status == 413) return Delivery::Verdict::kTooLarge;
  if (status == 408 || status == 429 || status >= 500) return Delivery::Verdict::kLater;
  return Delivery::Verdict::kRefused;
}

}  // namespace

std::string webhook_signature(const SecretBytes& secret, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  std::string text;
  text.reserve(id.size() + timestamp.size() + body.size() + 2);
  text.append(id).append(".").append(timestamp).append(".").append(body);
  return "v1," + to_base64(crypto::hmac_sha256(secret.reveal(), as_bytes(text)));
}

outbound::HttpRequest SinkWebhook::make_request(const HubName& hub, const std::vector<model::HubEvent>& events) const {
  const std::string id = make_id(settings_.name, events);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch());
  const std::string timestamp = std::to_string(now.count());
  outbound::HttpRequest request{.method = "POST", .url = settings_.url, .body = make_body(events)};
  request.timeout = settings_.timeout;
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "muster"},
                     {"muster-hub", hub.host},
                     {"webhook-id", id},
                     {"webhook-timestamp", timestamp},
                     {"webhook-signature", webhook_signature(secret_, id, timestamp, request.body)}};
  return request;
}

Task<Delivery> SinkWebhook::deliver(const HubName& hub, const std::vector<model::HubEvent>& events) {
  if (stopping_) co_return Delivery{.verdict = Delivery::Verdict::kLater, .reason = "The service is stopping."};
  const auto response = co_await client_.send(make_request(hub, events));
  if (!response) co_return Delivery{.verdict = Delivery::Verdict::kLater, .reason = response.error().message};
  Delivery out{.verdict = judge(response->status)};
  if (out.verdict == Delivery::Verdict::kDone) co_return out;
  out.reason = fmt::format("It answered with {}.", response->status);
  out.pause = retry_after(*response);
  co_return out;
}

Result<SecretBytes> read_webhook_secret(const std::filesystem::path& file) {
  auto text = read_file(file, kLongestSecretFile);
  if (!text) return std::unexpected(text.error());
  std::string_view digits = trim(*text);
  if (digits.starts_with(kSecretPrefix)) digits.remove_prefix(kSecretPrefix.size());
  auto octets = from_base64(digits);
  wipe(*text);
  if (!octets || octets->size() < kShortestSecret || octets->size() > kLongestSecret) {
    return invalid(
        fmt::format("{} must hold the base64 of {} to {} octets", file.string(), kShortestSecret, kLongestSecret));
  }
  return SecretBytes(*std::move(octets));
}

}  // namespace muster::hub
