#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace muster::model {

/// A new opaque version: base64 of "xxxxxxxx-0000-0800-0000-yyyyyyyy0000" with its quotes, 52 characters from 'I' to
/// "MCI=" as Azure's are (service-api.md 3.4).
std::string make_etag(Random& random);
/// The text inside the base64, quotes included: the form shown to webhooks (service-api.md 3.4).
std::string raw_etag(std::string_view etag);

/// The If-Match header of a request: absent, `*` or one etag. Quotes around either are dropped (service-api.md 3.4).
class IfMatch {
 public:
  /// nullopt stands for a request without the header; a blank header counts as absent.
  static IfMatch parse(std::optional<std::string_view> header);
  static IfMatch absent() { return IfMatch(Kind::kAbsent, {}); }
  static IfMatch any() { return IfMatch(Kind::kAny, {}); }
  static IfMatch exactly(std::string_view etag) { return IfMatch(Kind::kEtag, std::string(etag)); }

  [[nodiscard]] bool is_absent() const { return kind_ == Kind::kAbsent; }
  [[nodiscard]] bool is_any() const { return kind_ == Kind::kAny; }

  /// For PUT. `current` is the stored etag, null when nothing is stored. Absent means create only (service-api.md 3.4):
  /// kConflict when something is stored. `*` on nothing: kNotFound; an etag on nothing or another one:
  /// kPreconditionFailed.
  [[nodiscard]] Result<void> check_put(const std::string* current) const;
  /// For DELETE of something stored: absent and `*` always pass; another etag: kPreconditionFailed.
  [[nodiscard]] Result<void> check_delete(std::string_view current) const;

 private:
  enum class Kind { kAbsent, kAny, kEtag };
  IfMatch(Kind kind, std::string etag) : kind_(kind), etag_(std::move(etag)) {}

  Kind kind_;
  std::string etag_;
};

}  // namespace muster::model
