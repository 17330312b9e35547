#include "server/hub_api/event_api.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace muster::server {
namespace {

constexpr std::uint64_t kMostEvents = 1000;
constexpr std::uint64_t kUsualEvents = 100;
constexpr std::uint64_t kLongestWait = 60;  // seconds; less than what proxies allow
constexpr std::size_t kLongestConsumer = 64;
/// After so many an answer ends, however many events were asked for: each may have a quarter of a mebibyte.
constexpr std::size_t kMostOctets = std::size_t{8} << 20U;

Result<std::optional<std::uint64_t>> read_number(const HubCall& call, std::string_view name, std::uint64_t most) {
  const auto text = call.target.parameter(name);
  if (!text || text->empty()) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number > most) {
    return invalid(fmt::format("{}: must be a number up to {}", name, most));
  }
  return number;
}

Result<hub::EventLog::Reading> read_request(const HubCall& call) {
  hub::EventLog::Reading out;
  out.consumer = call.target.parameter("consumer").value_or("");
  const bool plain = std::ranges::all_of(out.consumer, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!plain || out.consumer.size() > kLongestConsumer) {
    return invalid("consumer: must be up to 64 letters, digits, '-' and '_'");
  }
  const auto after = read_number(call, "after", INT64_MAX);
  if (!after) return std::unexpected(after.error());
  out.after = *after;
  const auto most = read_number(call, "max", kMostEvents);
  if (!most) return std::unexpected(most.error());
  out.limit = {.events = std::max<std::size_t>(most->value_or(kUsualEvents), 1), .octets = kMostOctets};
  const auto wait = read_number(call, "wait", kLongestWait);
  if (!wait) return std::unexpected(wait.error());
  out.wait = std::chrono::seconds(wait->value_or(0));
  return out;
}

}  // namespace

std::vector<HubRoute> EventApi::routes() {
  return {{"GET", {"events"}, {model::HubRight::kServiceConnect}, [this](const HubCall& call) { return read(call); }}};
}

Task<HubResult> EventApi::read(const HubCall& call) {
  auto reading = read_request(call);
  if (!reading) co_return refuse_hub(reading.error());
  const auto events = co_await log_.read(call.hub, *std::move(reading));
  if (!events) co_return refuse_hub(events.error());
  HttpResponse response{200, {{"Content-Type", "application/x-ndjson"}}, {}};
  for (const model::HubEvent& event : *events) response.body += boost::json::serialize(to_json(event)) + "\n";
  co_return response;
}

}  // namespace muster::server
