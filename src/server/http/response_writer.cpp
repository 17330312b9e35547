#include "server/http/response_writer.h"

#include <string>
#include <string_view>

#include <boost/beast/http/status.hpp>

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

/// The Date of an answer, which changes once a second: formatting it takes as long as all the rest of a head.
std::string_view date_text(TimePoint now) {
  struct Second {
    std::chrono::sys_seconds time;
    std::string text;
  };
  thread_local Second t_last;
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (t_last.text.empty() || t_last.time != second) t_last = {second, format_http_time(now)};
  return t_last.text;
}

bool stays_on_its_line(std::string_view text) {
  return !text.contains('\r') && !text.contains('\n') && !text.contains('\0');
}

bool has_length(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_headers(std::string& out, const HttpResponse& response) {
  for (const auto& [name, value] : response.headers) {
    if (stays_on_its_line(name) && stays_on_its_line(value)) {
      out.append(name).append(": ").append(value).append("\r\n");
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
  out.append("HTTP/1.1 ").append(std::to_string(response.status));
  out.append(" ").append(reason_phrase(response.status)).append("\r\nDate: ").append(date_text(now)).append("\r\n");
  append_headers(out, response);
  if (has_length(response.status)) {
    out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
  }
  if (transport == Transport::kTls) out += "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";
  out += connection_line(connection);
  out += "\r\n";
  if (has_length(response.status) && body == BodyOctets::kSend) out += response.body;
  return out;
}

}  // namespace muster::server
