#include "model/instance.h"

#include <algorithm>

#include "base/text.h"

namespace muster::model {
namespace {

constexpr std::size_t kGeneratedKeySize = 64;

template <class T, class Matches>
const T* find(const std::vector<T>& all, Matches matches) {
  const auto found = std::ranges::find_if(all, matches);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

SharedAccessPolicy make_owner_policy(Random& random) {
  return {.name = "provisioningserviceowner",
          .rights = Rights::of({Right::kServiceConfig, Right::kDeviceConnect, Right::kEnrollmentWrite}),
          .primary_key = SecretBytes(random.bytes(kGeneratedKeySize)),
          .secondary_key = SecretBytes(random.bytes(kGeneratedKeySize))};
}

const SharedAccessPolicy* InstanceConfig::find_policy(std::string_view name) const {
  return find(policies, [name](const SharedAccessPolicy& policy) { return policy.name == name; });
}

const LinkedHub* InstanceConfig::find_hub(std::string_view host_name) const {
  return find(hubs, [host_name](const LinkedHub& hub) { return equals_nocase(hub.host_name, host_name); });
}

const CaCertificate* InstanceConfig::find_certificate(std::string_view name) const {
  return find(certificates, [name](const CaCertificate& certificate) { return equals_nocase(certificate.name, name); });
}

bool InstanceConfig::complete_hub_policies(Random& random) {
  bool added = false;
  for (const LinkedHub& hub : hubs) {
    std::string key = id_key(hub.host_name);
    if (hub.kind != HubKind::kLocal || hub_policies.contains(key)) continue;
    hub_policies.emplace(std::move(key), make_hub_policies(random));
    added = true;
  }
  return added;
}

}  // namespace muster::model
