#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace muster::crypto {

/// One block of a PEM text (RFC 7468 section 2); the views point into the text that was scanned.
struct PemBlock {
  std::string_view label;  ///< "CERTIFICATE"
  std::string_view body;   ///< what stands between the boundary lines
};

/// Takes the blocks of a text one after the other; what stands around them is skipped.
class PemScanner {
 public:
  explicit PemScanner(std::string_view text) : rest_(text) {}
  /// The next complete block; nullopt at the end or at a block that does not end (`broken()` tells which).
  std::optional<PemBlock> next();
  /// True when the scan ended at a "BEGIN" line without its "END" line.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

/// True when the text has a "-----BEGIN" boundary.
bool looks_like_pem(std::string_view text);
/// The text without blanks and line ends, as base64 is often wrapped.
std::string without_whitespace(std::string_view text);
/// A block with lines of 64 characters.
std::string to_pem(std::string_view label, ByteView content);

}  // namespace muster::crypto
