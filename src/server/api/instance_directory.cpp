#include "server/api/instance_directory.h"

#include <algorithm>

#include "base/text.h"

namespace muster::server {

Task<Result<InstanceDirectory>> InstanceDirectory::load(store::Store& store) {
  auto instances = co_await store.list_instances();
  if (!instances) co_return std::unexpected(instances.error());
  if (instances->empty()) co_return fail(ErrorCode::kNotFound, "The store holds no instance.");
  std::ranges::sort(*instances, {}, &model::Instance::created);
  co_return InstanceDirectory(std::move(*instances));
}

std::optional<model::InstanceId> InstanceDirectory::by_scope(std::string_view id_scope) const {
  const std::string key = model::id_key(id_scope);
  for (const auto& instance : instances_) {
    if (instance.id == key) return instance.id;
  }
  return std::nullopt;
}

const model::InstanceId& InstanceDirectory::by_host(std::string_view host) const {
  for (const auto& instance : instances_) {
    if (equals_nocase(instance.service_host, without_port(host))) return instance.id;
  }
  return instances_.front().id;
}

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return host;
  return host.substr(0, colon);
}

}  // namespace muster::server
