#include "server/tls/openssl_error.h"

#include <openssl/err.h>

namespace muster::server {

std::string take_openssl_error() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (!text.empty()) text += "; ";
    text += reason != nullptr ? std::string(reason) : "error " + std::to_string(code);
  }
  return text.empty() ? "no reason given" : text;
}

}  // namespace muster::server
