#include "provisioning/webhook_target.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::provisioning {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kMask = "***";
constexpr std::size_t kShortestSecret = 4;

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The host of "host", "host:port", "[::1]" and "[::1]:port", in lower case; empty for anything else.
std::string host_of(std::string_view authority) {
  const std::string lower = to_lower(authority);
  const bool bracketed = lower.starts_with('[');
  const auto end = bracketed ? lower.find(']') + 1 : std::min(lower.find(':'), lower.size());
  if (end == 0) return {};
  const std::string host = lower.substr(0, end);
  const std::string port = lower.substr(end);
  if (!port.empty() && (port.front() != ':' || !std::all_of(port.begin() + 1, port.end(), is_digit))) return {};
  if (bracketed) return parse_ip_address(host.substr(1, host.size() - 2)) ? host : std::string();
  return std::ranges::all_of(host, is_host_character) ? host : std::string();
}

bool matches(std::string_view host, std::string_view pattern) {
  if (!pattern.starts_with("*.")) return equals_nocase(host, pattern);
  pattern.remove_prefix(1);
  return host.size() > pattern.size() && equals_nocase(host.substr(host.size() - pattern.size()), pattern);
}

std::string_view without_fragment(std::string_view url) {
  return url.substr(0, url.find('#'));
}

/// Calls `each` with the names and the values of a query.
template <class Each>
void for_each_parameter(std::string_view query, Each each) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    each(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

}  // namespace

Result<WebhookTarget> check_target(std::string_view url, std::span<const std::string> allowed) {
  if (!starts_with_nocase(url, kScheme)) return invalid("The webhook's URL does not begin with https://.");
  const std::string_view rest = url.substr(kScheme.size());
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string host = host_of(rest.substr(0, end));
  if (host.empty()) return invalid("The webhook's URL names no host that can be called.");
  const auto names = [&host](const std::string& pattern) { return matches(host, pattern); };
  if (!allowed.empty() && std::ranges::none_of(allowed, names)) {
    return fail(ErrorCode::kUnauthorized, fmt::format("{} is not among the webhook_hosts of this service.", host));
  }
  const std::string_view place = without_fragment(url);
  return WebhookTarget{std::move(host), std::string(place.substr(0, place.find('?')))};
}

bool is_host_pattern(std::string_view pattern) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(2);
  const std::string host = host_of(pattern);
  return !host.empty() && host == to_lower(pattern);
}

std::string masked_url(std::string_view url) {
  url = without_fragment(url);
  const auto question = url.find('?');
  std::string out(url.substr(0, question));
  const auto scheme = out.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto authority_end = std::min(out.find('/', begin), out.size());
  if (const auto at = out.rfind('@', authority_end); at != std::string::npos && at >= begin) {
    out.erase(begin, at + 1 - begin);
  }
  if (question == std::string_view::npos) return out;
  char separator = '?';
  for_each_parameter(url.substr(question + 1), [&](std::string_view name, std::string_view value) {
    out += fmt::format("{}{}{}{}", separator, name, value.empty() ? "" : "=", value.empty() ? "" : kMask);
    separator = '&';
  });
  return out;
}

std::vector<std::string> query_values(std::string_view url) {
  std::vector<std::string> out;
  url = without_fragment(url);
  const auto question = url.find('?');
  if (question == std::string_view::npos) return out;
  for_each_parameter(url.substr(question + 1), [&out](std::string_view /*name*/, std::string_view value) {
    if (value.size() >= kShortestSecret) out.emplace_back(value);
  });
  return out;
}

std::vector<IpNetwork> refused_webhook_networks(WebhookHosts hosts) {
  // The metadata services of AWS (its IPv6 one), Alibaba and Azure lie outside of the link-local networks. Behind a
  // NAT64 (RFC 6052) IPv4 addresses stand at the end of others.
  constexpr std::array kNever{
      "0.0.0.0/8",       "169.254.0.0/16", "224.0.0.0/3",        "::", "fe80::/10", "ff00::/8", "fd00:ec2::254",
      "100.100.100.200", "168.63.129.16",  "64:ff9b::a9fe:0/112"};
  constexpr std::array kThisMachine{"127.0.0.0/8", "::1", "64:ff9b::7f00:0/104"};
  std::vector<IpNetwork> out;
  out.reserve(kNever.size() + kThisMachine.size());
  for (const char* text : kNever) out.push_back(parse_ip_network(text).value());
  if (hosts == WebhookHosts::kAny) {
    for (const char* text : kThisMachine) out.push_back(parse_ip_network(text).value());
  }
  return out;
}

}  // namespace muster::provisioning
