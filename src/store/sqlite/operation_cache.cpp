#include "store/sqlite/operation_cache.h"

#include <utility>

namespace muster::store::sqlite {
namespace {

std::string key_of(const InstanceId& instance, std::string_view id) {
  return instance + "/" + model::id_key(id);
}

}  // namespace

SharedOperationState OperationCache::find(const InstanceId& instance, const std::string& operation_id) {
  const std::string operation = instance + "/" + operation_id;
  const std::scoped_lock lock(mutex_);
  const std::string* device = devices_.find(operation);
  if (device == nullptr) return nullptr;
  const Device* found = by_device_.find(*device);
  // A later operation of the device takes the place of the one before.
  if (found == nullptr || !found->last || found->last->operation.id != operation_id) return nullptr;
  return found->last;
}

OperationCache::Ticket OperationCache::drop(const InstanceId& instance, std::string_view registration_id) {
  const std::string key = key_of(instance, registration_id);
  const std::scoped_lock lock(mutex_);
  return by_device_.put(key, {nullptr, next_ticket_++}).ticket;
}

void OperationCache::put(const InstanceId& instance, SharedOperationState state, Ticket ticket) {
  std::string key = key_of(instance, state->operation.registration_id);
  const std::string operation = instance + "/" + state->operation.id;
  const std::scoped_lock lock(mutex_);
  Device* device = by_device_.find(key);
  if (device == nullptr || device->ticket != ticket) return;
  device->last = std::move(state);
  devices_.put(operation, std::move(key));
}

void OperationCache::clear() {
  const std::scoped_lock lock(mutex_);
  by_device_.clear();
  devices_.clear();
}

}  // namespace muster::store::sqlite
