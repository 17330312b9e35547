#pragma once

#include <optional>
#include <string>

#include <openssl/types.h>

#include "base/clock.h"

namespace muster::crypto {

/// Uploads above this size are refused before they are parsed.
inline constexpr std::size_t kMaxUploadSize = std::size_t{64} * 1024;

/// The only common name of the subject as UTF-8; empty when there is none, or several, or it holds a NUL.
std::string read_common_name(const X509* certificate);
/// "CN=x, O=y" in the order of the name, UTF-8, special characters escaped (RFC 2253 section 2.4).
/// nullopt when an attribute is not text of its declared type.
std::optional<std::string> read_name(const X509_NAME* name);
/// UTC; nullopt when the text is not a time by RFC 5280 section 4.1.2.5.
std::optional<TimePoint> read_time(const ASN1_TIME* time);
/// Upper-case hexadecimal digits without leading zeros.
std::string read_serial_number(const X509* certificate);

}  // namespace muster::crypto
