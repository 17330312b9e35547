#include "server/hub_api/hub_query.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "model/item_query.h"
#include "model/json.h"
#include "server/api/api_call.h"

namespace muster::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kLargestPage = 1000;
constexpr std::size_t kDefaultPageSize = 100;
constexpr std::size_t kPiece = 200;        ///< items read at once: a few milliseconds of the thread's time
constexpr std::size_t kMostRead = 10'000;  ///< for one page

/// Absent, zero and too much give what is usual; anything but a number is refused.
Result<std::size_t> read_page_size(const HttpRequest& request) {
  const auto text = request.header("x-ms-max-item-count");
  if (!text || text->empty()) return kDefaultPageSize;
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), size);
  if (error != std::errc() || end != text->data() + text->size()) return invalid("x-ms-max-item-count is no number.");
  return size == 0 ? kDefaultPageSize : std::min(size, kLargestPage);
}

Result<std::string> read_continuation(const HttpRequest& request) {
  const auto text = request.header("x-ms-continuation");
  if (!text || text->empty()) return std::string();
  const auto octets = from_base64(*text);
  if (!octets) return invalid("x-ms-continuation is none of this hub's.");
  return std::string(as_text(*octets));
}

}  // namespace

Result<HubPageRequest> read_hub_page(const HttpRequest& request) {
  auto limit = read_page_size(request);
  if (!limit) return std::unexpected(limit.error());
  auto after = read_continuation(request);
  if (!after) return std::unexpected(after.error());
  return HubPageRequest{*std::move(after), *limit};
}

Result<HubQuery> read_hub_query(const HttpRequest& request) {
  const auto body = model::parse_json_object(request.body);
  if (!body) return std::unexpected(body.error());
  const auto text = model::required_string(*body, "query");
  if (!text) return std::unexpected(text.error());
  auto query = wire::parse_query(*text, wire::QueryLanguage::kHub);
  if (!query) return std::unexpected(query.error());
  if (!query->order.empty()) return invalid("ORDER BY is not supported: items come in the order of their ids.");
  auto page = read_hub_page(request);
  if (!page) return std::unexpected(page.error());
  wire::drop_source(*query);
  return HubQuery{*std::move(query), *std::move(page)};
}

Task<Result<HubQueryPage>> run_hub_query(QuerySource& source, HubQuery asked) {
  const wire::Query& query = asked.query;
  const std::optional<model::ItemFilter> filter =
      query.where ? std::optional(model::ItemFilter(*query.where)) : std::nullopt;
  const bool counts = !query.count_as.empty();
  HubQueryPage out;
  out.item_type = query.select.empty() && !counts ? source.item_type() : "Raw";
  std::uint64_t count = 0;
  std::string last = std::move(asked.page.after);
  for (std::size_t read = 0; counts || read < kMostRead; read += kPiece) {
    const std::size_t wanted = asked.page.limit - out.items.size();
    auto piece = co_await source.read(last, filter || counts ? kPiece : std::min(kPiece, wanted));
    if (!piece) co_return std::unexpected(piece.error());
    for (QuerySource::Item& item : piece->items) {
      last = item.place;
      if (filter && !filter->matches(item.value)) continue;
      ++count;
      if (counts) continue;
      out.items.push_back(query.select.empty() ? std::move(item.value)
                                               : model::select_members(item.value, query.select));
      if (out.items.size() < asked.page.limit) continue;
      const bool more = &item != &piece->items.back() || !piece->last;
      if (more) out.next = to_base64(as_bytes(last));
      co_return out;
    }
    if (piece->last) {
      if (counts) out.items.push_back(json::object{{query.count_as, count}});
      co_return out;
    }
    co_await Yield();
  }
  out.next = to_base64(as_bytes(last));
  co_return out;
}

HttpResponse hub_query_response(const HubQueryPage& page) {
  HttpResponse response = json_response(200, json::serialize(page.items));
  response.headers.emplace_back("x-ms-item-type", page.item_type);
  if (!page.next.empty()) response.headers.emplace_back("x-ms-continuation", page.next);
  return response;
}

}  // namespace muster::server
