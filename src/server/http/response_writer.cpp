#include "server/http/response_writer.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include "base/log.h"

namespace muster::server {
namespace {

constexpr std::size_t kUsualHeadSize = 512;

std::string_view reason_phrase(int status) {
  namespace http = boost::beast::http;
  const http::status known = http::int_to_status(static_cast<unsigned>(status));
  if (known == http::status::unknown) return "Unassigned";
  const auto reason = http::obsolete_reason(known);
  return {reason.data(), reason.size()};
}

bool stays_on_its_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool has_length(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_headers(std::string& out, const HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (stays_on_its_line(name) && stays_on_its_line(value)) {
      fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, value);
    } else {
      log_error("http.response_header_dropped", {{"name", name}});
    }
  }
}

std::string_view connection_line(ConnectionHeader connection) {
  switch (connection) {
    case ConnectionHeader::kNone:
      return "";
    case ConnectionHeader::kKeepAlive:
      return "Connection: keep-alive\r\n";
    case ConnectionHeader::kClose:
      return "Connection: close\r\n";
  }
  return "";
}

}  // namespace

std::string write_response(const HttpResponse& response, TimePoint now, ConnectionHeader connection, BodyOctets body,
                           Transport transport) {
  std::string out;
  out.reserve(kUsualHeadSize + response.body.size());
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                 reason_phrase(response.status), format_http_time(now));
  append_headers(out, response);
  if (has_length(response.status)) {
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.body.size());
  }
  if (transport == Transport::kTls) out += "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";
  out += connection_line(connection);
  out += "\r\n";
  if (has_length(response.status) && body == BodyOctets::kSend) out += response.body;
  return out;
}

}  // namespace muster::server
