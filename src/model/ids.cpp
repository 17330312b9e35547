#include "model/ids.h"

#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"

namespace muster::model {
namespace {

constexpr std::size_t kMaxIdLength = 128;
constexpr std::size_t kMaxHostLength = 253;  // RFC 1035 section 2.3.4, in text form
constexpr std::size_t kMaxLabelLength = 63;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool consists_of(std::string_view text, std::string_view besides_alphanumeric) {
  for (char c : text) {
    if (!is_alphanumeric(c) && besides_alphanumeric.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelLength && consists_of(label, "-") && label.front() != '-' &&
         label.back() != '-';
}

}  // namespace

Result<void> check_enrollment_id(std::string_view id, std::string_view what) {
  if (id.empty() || id.size() > kMaxIdLength) {
    return invalid(fmt::format("{}: must have 1 to {} characters", what, kMaxIdLength));
  }
  if (!consists_of(id, "-._:")) return invalid(fmt::format("{}: may hold letters, digits and - . _ : only", what));
  if (!is_alphanumeric(id.front())) return invalid(fmt::format("{}: must begin with a letter or digit", what));
  if (!is_alphanumeric(id.back()) && id.back() != '-') {
    return invalid(fmt::format("{}: must end with a letter, a digit or -", what));
  }
  return {};
}

Result<void> check_device_id(std::string_view id) {
  if (id.empty() || id.size() > kMaxIdLength) {
    return invalid(fmt::format("deviceId: must have 1 to {} characters", kMaxIdLength));
  }
  if (!consists_of(id, "-:.+%_#*?!(),=@;$'")) {
    return invalid("deviceId: may hold letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ ' only");
  }
  return {};
}

Result<void> check_host_name(std::string_view host, std::string_view what) {
  if (host.empty() || host.size() > kMaxHostLength) {
    return invalid(fmt::format("{}: must be a host name of 1 to {} characters", what, kMaxHostLength));
  }
  std::size_t labels = 0;
  for (std::size_t begin = 0; begin <= host.size(); ++labels) {
    const std::size_t end = std::min(host.find('.', begin), host.size());
    if (!is_label(host.substr(begin, end - begin))) return invalid(fmt::format("{}: is not a host name", what));
    begin = end + 1;
  }
  if (labels < 2) return invalid(fmt::format("{}: must be a host name with a dot", what));
  return {};
}

std::string id_key(std::string_view id) {
  return to_lower(id);
}

std::string make_id_scope(Random& random) {
  std::array<std::uint8_t, 4> raw{};
  random.fill(raw);
  return "0ne" + hex_upper(raw);
}

}  // namespace muster::model
