#include "model/registration.h"

#include <fmt/format.h>

#include "model/names.h"

namespace muster::model {

std::string_view to_string(RegistrationStatus status) {
  return name_of(kRegistrationStatusNames, status);
}

std::string_view to_string(Substatus substatus) {
  return name_of(kSubstatusNames, substatus);
}

std::string make_operation_id(TimePoint begun, Random& random) {
  return fmt::format("5.{:016x}.{}", static_cast<std::uint64_t>(to_micros(begun)), make_guid(random));
}

}  // namespace muster::model
