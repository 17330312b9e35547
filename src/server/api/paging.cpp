#include "server/api/paging.h"

#include <algorithm>
#include <charconv>

#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/text.h"

namespace muster::server {
namespace {

constexpr std::size_t kLargestPage = 1000;

}  // namespace

Result<PageRequest> read_page_request(const ApiCall& call, std::size_t default_limit) {
  PageRequest page{{}, default_limit};
  if (const auto count = call.request.header("x-ms-max-item-count"); count && !trim(*count).empty()) {
    const std::string_view text = trim(*count);
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      return invalid("x-ms-max-item-count is not a number.");
    }
    if (value != 0) page.limit = std::min(value, kLargestPage);
  }
  if (const auto token = call.request.header("x-ms-continuation"); token && !trim(*token).empty()) {
    const auto key = from_hex(trim(*token));
    if (!key) return invalid("x-ms-continuation is not a token of this service.");
    page.after = std::string(as_text(*key));
  }
  return page;
}

void add_page_headers(HttpResponse& response, std::string_view item_type, std::string_view next) {
  response.headers.emplace_back("x-ms-item-type", item_type);
  // A browser must not take what users wrote into their entries for a page.
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (!next.empty()) response.headers.emplace_back("x-ms-continuation", hex_lower(as_bytes(next)));
}

HttpResponse page_response(const boost::json::array& items, std::string_view item_type, std::string_view next) {
  HttpResponse response = json_response(200, boost::json::serialize(items));
  add_page_headers(response, item_type, next);
  return response;
}

}  // namespace muster::server
