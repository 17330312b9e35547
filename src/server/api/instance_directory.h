#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "model/instance.h"
#include "store/store.h"

namespace muster::server {

/// Finds the instance of a request: by ID scope for devices, by host name for the service API (design section 1).
/// Loaded once at the start, immutable afterwards, thread-safe.
class InstanceDirectory {
 public:
  /// kNotFound when the store holds no instance.
  static Task<Result<InstanceDirectory>> load(store::Store& store);

  [[nodiscard]] std::optional<model::InstanceId> by_scope(std::string_view id_scope) const;
  /// `host` may carry a port. The first instance answers to every host name that is nobody else's.
  [[nodiscard]] const model::InstanceId& by_host(std::string_view host) const;

  [[nodiscard]] const std::vector<model::Instance>& all() const { return instances_; }

 private:
  explicit InstanceDirectory(std::vector<model::Instance> instances) : instances_(std::move(instances)) {}

  std::vector<model::Instance> instances_;
};

/// A Host header without its port.
std::string_view without_port(std::string_view host);

}  // namespace muster::server
