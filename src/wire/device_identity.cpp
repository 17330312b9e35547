#include "wire/device_identity.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/percent.h"
#include "wire/split.h"

namespace muster::wire {
namespace {

constexpr std::string_view kRegistrations = "registrations";

std::unexpected<Error> malformed(std::string_view what) {
  return invalid("The " + std::string(what) + " is not of the form {idScope}/registrations/{registrationId}.");
}

/// Takes what comes before the next slash off `rest`; without a slash that is everything.
std::string_view take_segment(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return segment;
}

std::optional<DeviceIdentity> take_identity(std::string_view& rest) {
  const std::string_view scope = take_segment(rest);
  const std::string_view word = take_segment(rest);
  const std::string_view id = take_segment(rest);
  if (scope.empty() || id.empty() || !equals_nocase(word, kRegistrations)) return std::nullopt;
  auto decoded = percent_decode(id);  // some clients escape the colon
  if (!decoded || decoded->find('/') != std::string::npos) return std::nullopt;
  return DeviceIdentity{std::string(scope), std::move(*decoded)};
}

}  // namespace

Result<DeviceIdentity> parse_device_user_name(std::string_view user_name) {
  std::string_view rest = user_name;
  auto identity = take_identity(rest);
  if (!identity) return malformed("user name");
  if (rest.starts_with('?')) rest.remove_prefix(1);
  Splitter parts(rest, '&');
  while (const auto part = parts.next()) {
    const auto pair = split_pair(*part);
    if (!pair || pair->first != "api-version") continue;
    auto decoded = percent_decode(pair->second);
    if (!decoded) return malformed("user name");
    identity->api_version = std::move(*decoded);
  }
  return std::move(*identity);
}

Result<DeviceIdentity> parse_device_address(std::string_view address) {
  std::string_view rest = address;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    rest = rest.substr(scheme + 3);
    take_segment(rest);  // the host
  } else if (rest.starts_with('/')) {
    rest.remove_prefix(1);
  }
  auto identity = take_identity(rest);
  if (!identity || !rest.empty()) return malformed("address");
  return std::move(*identity);
}

std::string device_user_name(const DeviceIdentity& identity, std::string_view client_version) {
  return fmt::format("{}/registrations/{}/api-version={}&ClientVersion={}", identity.id_scope, identity.registration_id,
                     percent_encode(identity.api_version), percent_encode(client_version));
}

bool same_device(const DeviceIdentity& a, const DeviceIdentity& b) {
  return equals_nocase(a.id_scope, b.id_scope) && equals_nocase(a.registration_id, b.registration_id);
}

}  // namespace muster::wire
