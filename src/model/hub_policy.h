#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace muster::model {

/// Rights of a shared access policy of a hub (hub-api.md 1.2), combined as bits.
enum class HubRight : std::uint32_t {
  kRegistryRead = 1,
  kRegistryWrite = 2,
  kServiceConnect = 4,
  kDeviceConnect = 8,
};

/// A set of them. Writing implies reading.
class HubRights {
 public:
  HubRights() = default;
  static HubRights of(std::initializer_list<HubRight> rights);
  /// "RegistryRead, RegistryWrite": separated by commas and optional blanks, any letter case; kInvalidArgument for
  /// unknown words. A blank text is the empty set.
  static Result<HubRights> parse(std::string_view text);

  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool allows(HubRight right) const;
  bool operator==(const HubRights&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

/// A shared access policy of a hub that is served here; both keys are valid at any time.
struct HubPolicy {
  std::string name;
  HubRights rights;
  SecretBytes primary_key;
  SecretBytes secondary_key;

  bool operator==(const HubPolicy&) const = default;
};

/// The five policies that every hub has at first (hub-api.md 1.2), with fresh keys.
std::vector<HubPolicy> make_hub_policies(Random& random);

}  // namespace muster::model
