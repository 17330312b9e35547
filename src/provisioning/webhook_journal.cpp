#include "provisioning/webhook_journal.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "model/json.h"
#include "provisioning/webhook_target.h"

namespace muster::provisioning {
namespace {

constexpr std::size_t kMostEntries = 2000;
constexpr std::size_t kMaxBody = std::size_t{8} * 1024;
constexpr std::string_view kMask = "***";
constexpr std::string_view kCutMark = "... (cut)";

bool is_secret_name(std::string_view name) {
  const std::string lower = to_lower(name);
  constexpr std::array<std::string_view, 5> kParts{"secret", "password", "token", "connectionstring", "credential"};
  const auto holds = [&lower](std::string_view part) { return lower.find(part) != std::string::npos; };
  return lower.ends_with("key") || lower == "code" || std::ranges::any_of(kParts, holds);
}

void replace_all(std::string& text, const std::string& what) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + kMask.size())) {
    text.replace(at, what.size(), kMask);
  }
}

void cut(std::string& text) {
  if (text.size() <= kMaxBody) return;
  std::size_t end = kMaxBody;
  // Not inside a UTF-8 sequence.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  text += kCutMark;
}

/// Peers may send anything; what is shown is JSON, which takes UTF-8 only.
std::string as_utf8(std::string_view text) {
  std::string out(text);
  if (is_utf8(out)) return out;
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) >= 0x80U; }, '?');
  return out;
}

}  // namespace

boost::json::value masked_value(boost::json::value value) {
  if (auto* items = value.if_array()) {
    for (auto& item : *items) item = masked_value(std::move(item));
  }
  auto* members = value.if_object();
  if (members == nullptr) return value;
  for (auto& member : *members) {
    if (member.value().is_string() && is_secret_name(member.key())) {
      member.value() = kMask;
    } else if (member.value().is_string() && member.key() == "webhookUrl") {
      member.value() = masked_url(std::string_view(member.value().get_string()));
    } else {
      member.value() = masked_value(std::move(member.value()));
    }
  }
  return value;
}

std::string masked_body(std::string_view body, const std::vector<std::string>& known) {
  auto value = model::parse_json(body);
  std::string out = value ? boost::json::serialize(masked_value(std::move(*value))) : as_utf8(body);
  for (const std::string& secret : known) replace_all(out, secret);
  cut(out);
  return out;
}

void WebhookJournal::add(const model::InstanceId& instance, const std::string& webhook, WebhookExchange exchange) {
  if (keep_ == 0) return;
  const std::scoped_lock lock(mutex_);
  const auto same = [&](const Entry& entry) { return entry.instance == instance && entry.webhook == webhook; };
  if (static_cast<std::size_t>(std::ranges::count_if(entries_, same)) >= keep_) {
    entries_.erase(std::ranges::find_if(entries_, same));
  }
  if (entries_.size() >= kMostEntries) entries_.pop_front();
  entries_.push_back({instance, webhook, std::move(exchange)});
}

std::vector<WebhookExchange> WebhookJournal::list(const model::InstanceId& instance, std::string_view registration_id,
                                                  std::size_t most) const {
  std::vector<WebhookExchange> out;
  const std::scoped_lock lock(mutex_);
  for (auto entry = entries_.rbegin(); entry != entries_.rend() && out.size() < most; ++entry) {
    const bool asked = registration_id.empty() || equals_nocase(entry->exchange.registration_id, registration_id);
    if (entry->instance == instance && asked) out.push_back(entry->exchange);
  }
  return out;
}

}  // namespace muster::provisioning
