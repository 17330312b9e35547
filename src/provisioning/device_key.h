#pragma once

#include <string>

#include "model/ids.h"

namespace muster::provisioning {

/// Names a device of any instance, without regard to case.
inline std::string device_key(const model::InstanceId& instance, std::string_view registration_id) {
  return instance + "/" + model::id_key(registration_id);
}

}  // namespace muster::provisioning
