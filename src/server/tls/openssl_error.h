#pragma once

#include <string>

namespace muster::server {

/// The reasons on this thread's OpenSSL error queue, oldest first, joined with "; ". Empties the queue.
std::string take_openssl_error();

}  // namespace muster::server
