#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_network.h"
#include "base/result.h"

namespace muster::provisioning {

/// Where a webhook is (service-api.md 9), out of its URL.
struct WebhookTarget {
  std::string host;  ///< lower case, without port
  std::string name;  ///< the URL without its query, which may hold a key: what people are shown
};

/// Takes the URL apart more strictly than whoever calls it, so that both see the same host (RFC 3986 section 7.6):
/// https only, neither user name nor escapes in the authority. Refuses hosts that are not among `allowed`, unless that
/// is empty.
Result<WebhookTarget> check_target(std::string_view url, std::span<const std::string> allowed);

/// Whether an entry of `allowed` can mean a host: a name or an address, or "*." and a domain.
bool is_host_pattern(std::string_view pattern);

/// The URL with every value of its query as "***"; a user name is left out.
std::string masked_url(std::string_view url);
/// Those values, where they are long enough to be keys.
std::vector<std::string> query_values(std::string_view url);

/// Addresses that no webhook is called at: link-local ones with the metadata services of clouds, multicast,
/// unspecified. `named`: the hosts that may be called are configured; else this machine's own are among them too.
enum class WebhookHosts { kAny, kNamed };
std::vector<IpNetwork> refused_webhook_networks(WebhookHosts hosts);

}  // namespace muster::provisioning
