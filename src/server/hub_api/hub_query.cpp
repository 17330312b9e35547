#include "server/hub_api/hub_query.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "model/item_query.h"
#include "model/json.h"

namespace muster::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kLargestPage = 1000;
constexpr std::size_t kDefaultPageSize = 100;
constexpr std::size_t kPiece = 200;        ///< devices read at once: a few milliseconds of the thread's time
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

Result<HubQuery> read_hub_query(const HttpRequest& request) {
  const auto body = model::parse_json_object(request.body);
  if (!body) return std::unexpected(body.error());
  const auto text = model::required_string(*body, "query");
  if (!text) return std::unexpected(text.error());
  auto query = wire::parse_query(*text);
  if (!query) return std::unexpected(query.error());
  if (!query->order.empty()) return invalid("ORDER BY is not supported: devices come in the order of their ids.");
  auto limit = read_page_size(request);
  if (!limit) return std::unexpected(limit.error());
  auto after = read_continuation(request);
  if (!after) return std::unexpected(after.error());
  return HubQuery{*std::move(query), *std::move(after), *limit};
}

Task<Result<HubQueryPage>> run_hub_query(store::Store& store, hub::HubName hub, HubQuery query,
                                         std::function<hub::ConnectionState(const std::string&)> state) {
  std::optional<model::ItemFilter> filter;
  if (query.query.where) filter.emplace(*std::move(query.query.where));
  HubQueryPage out{.items = {}, .item_type = query.query.select.empty() ? "Twin" : "Raw", .next = {}};
  std::string last = std::move(query.after);
  for (std::size_t read = 0; read < kMostRead; read += kPiece) {
    auto page = co_await store.list_hub_devices(hub.instance, hub.host, last, kPiece);
    if (!page) co_return std::unexpected(page.error());
    for (std::size_t i = 0; i < page->items.size(); ++i) {
      const model::HubDevice& device = page->items[i];
      last = device.device_id;
      const json::object twin = twin_to_json(device, state(device.device_id));
      if (filter && !filter->matches(twin)) continue;
      out.items.push_back(query.query.select.empty() ? twin : model::select_members(twin, query.query.select));
      if (out.items.size() < query.limit) continue;
      const bool more = i + 1 < page->items.size() || !page->next.empty();
      if (more) out.next = to_base64(as_bytes(last));
      co_return out;
    }
    if (page->next.empty()) co_return out;
    co_await Yield();
  }
  out.next = to_base64(as_bytes(last));
  co_return out;
}

}  // namespace muster::server
