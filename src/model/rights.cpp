#include <array>

#include "model/instance.h"
#include "model/named_bits.h"

namespace muster::model {
namespace {

// In the order in which Azure writes the rights of the owner policy (service-api.md 1.3).
constexpr std::array kRightNames{
    NamedValue<Right>{Right::kServiceConfig, "ServiceConfig"},
    NamedValue<Right>{Right::kDeviceConnect, "DeviceConnect"},
    NamedValue<Right>{Right::kEnrollmentRead, "EnrollmentRead"},
    NamedValue<Right>{Right::kEnrollmentWrite, "EnrollmentWrite"},
    NamedValue<Right>{Right::kRegistrationStatusRead, "RegistrationStatusRead"},
    NamedValue<Right>{Right::kRegistrationStatusWrite, "RegistrationStatusWrite"},
};

constexpr std::uint32_t bit(Right right) {
  return static_cast<std::uint32_t>(right);
}

/// The rights of which each implies `right`, itself among them (service-api.md 1.3).
constexpr std::uint32_t sources_of(Right right) {
  switch (right) {
    case Right::kServiceConfig:
      return bit(Right::kServiceConfig);
    case Right::kEnrollmentRead:
      return bit(Right::kEnrollmentRead) | bit(Right::kEnrollmentWrite) | bit(Right::kServiceConfig);
    case Right::kEnrollmentWrite:
      return bit(Right::kEnrollmentWrite) | bit(Right::kServiceConfig);
    case Right::kDeviceConnect:
      return bit(Right::kDeviceConnect);
    case Right::kRegistrationStatusRead:
      return bit(Right::kRegistrationStatusRead) | bit(Right::kRegistrationStatusWrite) | bit(Right::kServiceConfig);
    case Right::kRegistrationStatusWrite:
      return bit(Right::kRegistrationStatusWrite) | bit(Right::kServiceConfig);
  }
  return 0;
}

}  // namespace

Rights Rights::of(std::initializer_list<Right> rights) {
  Rights out;
  for (Right right : rights) out.bits_ |= bit(right);
  return out;
}

Result<Rights> Rights::parse(std::string_view text) {
  const auto bits = parse_named_bits(kRightNames, text, "a right");
  if (!bits) return std::unexpected(bits.error());
  Rights out;
  out.bits_ = *bits;
  return out;
}

std::string Rights::to_string() const {
  return named_bits_to_string(kRightNames, bits_);
}

bool Rights::allows(Right right) const {
  return (bits_ & sources_of(right)) != 0;
}

}  // namespace muster::model
