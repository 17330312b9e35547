#include "model/registration.h"

#include <span>

#include <fmt/format.h>

#include "crypto/digest.h"
#include "model/ids.h"
#include "model/names.h"

namespace muster::model {

std::string_view to_string(RegistrationStatus status) {
  return name_of(kRegistrationStatusNames, status);
}

std::string_view to_string(Substatus substatus) {
  return name_of(kSubstatusNames, substatus);
}

std::string make_operation_id(std::string_view registration_id, Random& random) {
  const crypto::Sha256 hash = crypto::sha256(as_bytes(id_key(registration_id)));
  return fmt::format("{}.{}.{}", hash[8] % 10, hex_lower(std::span(hash).first(8)), make_guid(random));
}

}  // namespace muster::model
