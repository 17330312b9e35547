#pragma once

#include <string>

#include "base/clock.h"
#include "server/http/message.h"

namespace muster::server {

/// What the session says about the connection in an answer (RFC 9112 section 9.3).
enum class ConnectionHeader {
  kNone,       ///< stays open, as HTTP/1.1 assumes
  kKeepAlive,  ///< stays open, told to an HTTP/1.0 client that asked
  kClose,
};

/// Whether the octets of the body go out: an answer to HEAD has the headers of GET and no body.
enum class BodyOctets { kSend, kOmit };

/// The answer as it goes out, in one piece: a reason phrase always, Content-Length exact (device-api.md 3.8), Date and
/// over TLS Strict-Transport-Security (3.6; never without, RFC 6797 section 7.2). 1xx, 204 and 304 carry no body; 1xx
/// and 204 no length (RFC 9110 section 8.6). A header with octets that would end its line is left out and logged:
/// nothing a peer sent may forge an answer.
std::string write_response(const HttpResponse& response, TimePoint now, ConnectionHeader connection, BodyOctets body,
                           Transport transport);

}  // namespace muster::server
