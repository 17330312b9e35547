#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "model/instance.h"
#include "model/named_value.h"

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
  Rights out;
  if (trim(text).empty()) return out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = trim(text.substr(begin, end - begin));
    const auto right = value_named(kRightNames, word);
    if (!right) return invalid(fmt::format("rights: '{}' is not a right", word.substr(0, 64)));
    out.bits_ |= bit(*right);
    begin = end + 1;
  }
  return out;
}

std::string Rights::to_string() const {
  std::string out;
  for (const auto& [right, name] : kRightNames) {
    if ((bits_ & bit(right)) == 0) continue;
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

bool Rights::allows(Right right) const {
  return (bits_ & sources_of(right)) != 0;
}

}  // namespace muster::model
