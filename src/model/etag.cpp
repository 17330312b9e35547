#include "model/etag.h"

#include <array>

#include "base/bytes.h"
#include "base/text.h"

namespace muster::model {
namespace {

std::string_view without_quotes(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

std::string make_etag(Random& random) {
  std::array<std::uint8_t, 8> raw{};
  random.fill(raw);
  const std::string digits = hex_lower(raw);
  std::string quoted = "\"xxxxxxxx-0000-0800-0000-yyyyyyyy0000\"";
  quoted.replace(1, 8, digits, 0, 8);
  quoted.replace(25, 8, digits, 8, 8);
  return to_base64(as_bytes(quoted));
}

std::string raw_etag(std::string_view etag) {
  const auto raw = from_base64(etag);
  return std::string(raw ? as_text(*raw) : etag);
}

IfMatch IfMatch::parse(std::optional<std::string_view> header) {
  if (!header) return absent();
  const std::string_view text = trim(*header);
  if (text.empty()) return absent();
  const std::string_view etag = without_quotes(text);
  return etag == "*" ? any() : exactly(etag);
}

Result<void> IfMatch::check_put(const std::string* current) const {
  switch (kind_) {
    case Kind::kAbsent:
      if (current != nullptr) return fail(ErrorCode::kConflict, "Already exists.");
      return {};
    case Kind::kAny:
      if (current == nullptr) return fail(ErrorCode::kNotFound, "Not found.");
      return {};
    case Kind::kEtag:
      if (current == nullptr) return fail(ErrorCode::kPreconditionFailed, "Precondition failed.");
      return check_delete(*current);
  }
  return fail(ErrorCode::kInternal, "Unknown precondition.");
}

Result<void> IfMatch::check_delete(std::string_view current) const {
  if (kind_ == Kind::kEtag && etag_ != current) return fail(ErrorCode::kPreconditionFailed, "Precondition failed.");
  return {};
}

}  // namespace muster::model
