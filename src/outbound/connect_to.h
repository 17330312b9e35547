#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::outbound {

/// The entry of HttpOptions::connect_to that leads every request to ADDRESS[:PORT]; "" for an empty text. Without a
/// port the URL's is kept.
std::string connect_everything_to(std::string_view address);

/// The entry for one host out of HOST=ADDRESS[:PORT], for any port of the host.
Result<std::string> connect_host_to(std::string_view text);

}  // namespace muster::outbound
