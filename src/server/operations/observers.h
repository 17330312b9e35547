#pragma once

#include <utility>
#include <vector>

#include "provisioning/registration_observer.h"

namespace muster::server {

/// Several observers of registrations as one.
class RegistrationObservers final : public provisioning::RegistrationObserver {
 public:
  /// `observer` outlives this; called before the first registration.
  void add(provisioning::RegistrationObserver& observer) { observers_.push_back(&observer); }

  void attested(const provisioning::DeviceRequest& request, const provisioning::Decision& decision) noexcept override {
    for (auto* observer : observers_) observer->attested(request, decision);
  }
  void registered(const model::InstanceId& instance, const model::Operation& operation,
                  const model::Registration& record, TimePoint at) noexcept override {
    for (auto* observer : observers_) observer->registered(instance, operation, record, at);
  }
  void stuck(const model::InstanceId& instance, const model::Operation& operation) noexcept override {
    for (auto* observer : observers_) observer->stuck(instance, operation);
  }

 private:
  std::vector<provisioning::RegistrationObserver*> observers_;
};

}  // namespace muster::server
