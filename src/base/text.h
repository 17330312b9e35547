#pragma once

#include <string>
#include <string_view>

namespace muster {

/// ASCII letters to lower case; every other octet unchanged. Ids and header names are ASCII.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
/// Equal when ASCII case is ignored.
bool equals_nocase(std::string_view a, std::string_view b);
bool starts_with_nocase(std::string_view text, std::string_view prefix);
/// Without leading and trailing blanks, tabs, CR and LF.
std::string_view trim(std::string_view text);
/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace muster
