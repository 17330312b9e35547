#include "server/api/paging.h"

#include <algorithm>
#include <charconv>

#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/text.h"
#include "model/json.h"

namespace muster::server {
namespace {

constexpr std::size_t kDefaultPage = 100;
constexpr std::size_t kLargestPage = 1000;

std::vector<std::string> lower_words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (!word.empty()) out.push_back(std::exchange(word, {}));
    } else {
      word.push_back(c);
    }
  }
  if (!word.empty()) out.push_back(word);
  for (auto& w : out) w = to_lower(w);
  return out;
}

/// The text inside "{'additional_properties': {}, 'query': 'SELECT *'}", which one client sends (real-clients.md 12).
std::string_view unwrap(std::string_view text) {
  constexpr std::string_view kMember = "'query': '";
  if (!text.starts_with('{')) return text;
  const auto start = text.find(kMember);
  if (start == std::string_view::npos) return text;
  text.remove_prefix(start + kMember.size());
  return text.substr(0, text.find('\''));
}

}  // namespace

Result<PageRequest> read_page_request(const ApiCall& call) {
  PageRequest page{{}, kDefaultPage};
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

HttpResponse page_response(const boost::json::array& items, std::string_view item_type, std::string_view next) {
  HttpResponse response = json_response(200, boost::json::serialize(items));
  response.headers.emplace_back("x-ms-item-type", item_type);
  if (!next.empty()) response.headers.emplace_back("x-ms-continuation", hex_lower(as_bytes(next)));
  return response;
}

Result<void> check_selects_all(const boost::json::object& body) {
  const auto text = model::required_string(body, "query");
  if (!text) return std::unexpected(text.error());
  const auto words = lower_words(unwrap(*text));
  const bool all =
      words == std::vector<std::string>{"*"} || (words.size() >= 2 && words[0] == "select" && words[1] == "*" &&
                                                 (words.size() == 2 || (words.size() == 4 && words[2] == "from")));
  if (!all) return invalid("Only SELECT * is understood by this version.");
  return {};
}

}  // namespace muster::server
