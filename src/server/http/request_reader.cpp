#include "server/http/request_reader.h"

#include <optional>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.h"

namespace muster::server {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using ErrorCodeOut = boost::beast::error_code;

// "0", two line ends. As long as a chunked body is not complete, so much is still to come, and Beast asserts that it
// does not see less of a last chunk when it looks at it for the second time.
constexpr std::size_t kShortestChunkedEnd = 5;

constexpr std::size_t kUsualHeaders = 8;

std::string to_std(string_view text) {
  return {text.data(), text.size()};
}

Refusal refusal_for(const ErrorCodeOut& error) {
  if (error == http::error::header_limit) return {431, "Request head too large."};
  if (error == http::error::body_limit) return {413, "Request body too large."};
  return {400, "Malformed request: " + error.message() + "."};
}

}  // namespace

/// Beast's parser with our own request as its sink: nothing is copied twice, nothing is reserved on the peer's word.
class RequestReader::Parser final : public http::basic_parser<true> {
 public:
  Parser(const HttpHandler& handler, std::size_t head_limit) : handler_(handler) {
    header_limit(static_cast<std::uint32_t>(head_limit));
    body_limit(boost::none);  // set when the head is known
  }

  HttpRequest request;
  std::optional<Refusal> refusal;
  int version = 11;

  [[nodiscard]] bool expects_continue() const {
    const auto expect = request.header("Expect");
    return version == 11 && expect && equals_nocase(*expect, "100-continue");
  }

 private:
  void refuse(Refusal why, ErrorCodeOut& error) {
    refusal = std::move(why);
    error = http::error::bad_field;
  }

  void on_request_impl(http::verb /*verb*/, string_view method, string_view target, int http_version,
                       ErrorCodeOut& /*error*/) override {
    request.method = to_std(method);
    request.target = to_std(target);
    request.headers.reserve(kUsualHeaders);
    version = http_version;
  }

  void on_field_impl(http::field field, string_view name, string_view value, ErrorCodeOut& error) override {
    // Trailers of a chunked body come here too; they must not pass for headers (RFC 9110 section 6.5.1).
    if (is_header_done()) return;
    if (field == http::field::transfer_encoding && !equals_nocase(to_std(value), "chunked")) {
      return refuse({400, "Transfer-Encoding other than chunked."}, error);
    }
    if (field == http::field::host && std::exchange(has_host_, true)) {
      return refuse({400, "More than one Host header."}, error);
    }
    request.headers.emplace_back(to_std(name), to_std(value));
  }

  void on_header_impl(ErrorCodeOut& error) override {
    // RFC 9112 section 6.1: Transfer-Encoding does not exist in HTTP/1.0, so the framing would be a guess.
    if (version == 10 && chunked()) return refuse({400, "Transfer-Encoding in HTTP/1.0."}, error);
    if (version == 11 && !has_host_) return refuse({400, "Host header missing."}, error);
    const std::uint64_t limit = handler_.body_limit(request.method, request.target);
    if (content_length().value_or(0) > limit) {
      error = http::error::body_limit;
      return;
    }
    body_limit(limit);
  }

  void on_response_impl(int /*code*/, string_view /*reason*/, int /*version*/, ErrorCodeOut& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, ErrorCodeOut& /*error*/) override {}
  void on_chunk_header_impl(std::uint64_t /*size*/, string_view /*extensions*/, ErrorCodeOut& /*error*/) override {}
  void on_finish_impl(ErrorCodeOut& /*error*/) override {}

  std::size_t on_body_impl(string_view part, ErrorCodeOut& /*error*/) override {
    request.body.append(part.data(), part.size());
    return part.size();
  }

  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, string_view part, ErrorCodeOut& /*error*/) override {
    request.body.append(part.data(), part.size());
    return part.size();
  }

  const HttpHandler& handler_;
  bool has_host_ = false;
};

RequestReader::RequestReader(const HttpHandler& handler, std::size_t head_limit)
    : parser_(std::make_unique<Parser>(handler, head_limit)), head_limit_(head_limit) {
}

RequestReader::~RequestReader() = default;

std::expected<std::size_t, Refusal> RequestReader::feed(std::string_view octets) {
  std::size_t used = 0;
  if (!head_complete()) {
    const auto head = feed_head(octets);
    if (!head) return head;
    used = *head;
  }
  const std::string_view rest = octets.substr(used);
  if (!head_complete() || complete() || rest.empty()) return used;
  if (parser_->chunked() && rest.size() < kShortestChunkedEnd) return used;
  const auto body = put(rest);
  if (!body) return body;
  used += *body;
  if (!complete() && octets.size() - used > head_limit_) {
    return std::unexpected(Refusal{400, "Chunk header or trailer too large."});
  }
  return used;
}

std::expected<std::size_t, Refusal> RequestReader::feed_head(std::string_view octets) {
  std::size_t used = 0;
  // RFC 9112 section 2.2: an empty line before the request line is skipped; old clients end bodies with one.
  while (!parser_->got_some() && octets.substr(used).starts_with("\r\n")) used += 2;
  const std::string_view rest = octets.substr(used);
  if (!rest.empty() && (parser_->got_some() || rest != "\r")) {
    const auto taken = put(rest);
    if (!taken) return taken;
    used += *taken;
  }
  // Beast's limit counts the octets of one call, so the sum is kept here.
  head_size_ += used;
  const std::size_t waiting = head_complete() ? 0 : octets.size() - used;
  if (head_size_ + waiting > head_limit_) return std::unexpected(refusal_for(http::error::header_limit));
  return used;
}

std::expected<std::size_t, Refusal> RequestReader::put(std::string_view octets) {
  parser_->eager(head_complete());  // the head by itself first: its size is limited by itself
  ErrorCodeOut error;
  const std::size_t used = parser_->put(boost::asio::const_buffer(octets.data(), octets.size()), error);
  if (error && error != http::error::need_more) {
    return std::unexpected(parser_->refusal.value_or(refusal_for(error)));
  }
  return used;
}

bool RequestReader::head_complete() const {
  return parser_->is_header_done();
}

bool RequestReader::complete() const {
  return parser_->is_done();
}

bool RequestReader::expects_continue() const {
  return head_complete() && !complete() && parser_->expects_continue();
}

bool RequestReader::keep_alive() const {
  return parser_->keep_alive();
}

bool RequestReader::is_http10() const {
  return parser_->version == 10;
}

HttpRequest RequestReader::take() {
  return std::move(parser_->request);
}

}  // namespace muster::server
