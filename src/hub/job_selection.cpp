#include "hub/job_selection.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "wire/query.h"

namespace muster::hub {
namespace {

constexpr std::size_t kPiece = 250;  ///< devices: a few milliseconds of the thread's time

/// Those that are named and behind a place, as far as they are there.
Task<Result<store::Page<model::HubDevice>>> read_named(store::Store& store, HubName hub, std::vector<std::string> ids,
                                                       std::string after) {
  store::Page<model::HubDevice> out;
  for (auto id = std::ranges::upper_bound(ids, after); id != ids.end(); ++id) {
    auto found = co_await store.find_hub_device(hub.instance, hub.host, *id);
    if (!found) co_return std::unexpected(found.error());
    if (*found) out.items.push_back(**std::move(found));
  }
  co_return out;
}

bool fits(const JobCondition& condition, const model::HubDevice& device, const Connections* connections,
          const HubName& hub) {
  if (!condition.filter) return true;
  const ConnectionState state = connections == nullptr ? ConnectionState{} : connections->state(hub, device.device_id);
  return condition.filter->matches(twin_to_json(device, state));
}

}  // namespace

Result<JobCondition> read_job_condition(std::string_view text) {
  auto query = wire::parse_job_condition(text);
  if (!query) return std::unexpected(query.error());
  const wire::MemberPath& from = query->from;
  if (!from.empty() && (from.size() != 1 || !equals_nocase(from.front(), "devices"))) {
    return invalid("query: only FROM devices is possible.");
  }
  JobCondition out;
  if (!query->where) return out;
  wire::drop_source(*query->where, {"devices"});
  out.device_ids = model::required_texts(*query->where, {"deviceId"});
  if (out.device_ids) {
    std::ranges::sort(*out.device_ids);
    const auto twice = std::ranges::unique(*out.device_ids);
    out.device_ids->erase(twice.begin(), twice.end());
  }
  out.filter.emplace(*std::move(query->where));
  return out;
}

Task<Result<JobSelection>> select_devices(store::Store& store, const Connections* connections, HubName hub,
                                          const JobCondition& condition, std::string after) {
  auto read = condition.device_ids ? read_named(store, hub, *condition.device_ids, after)
                                   : store.list_hub_devices(hub.instance, hub.host, after, kPiece);
  auto page = co_await read;
  if (!page) co_return std::unexpected(page.error());
  JobSelection out{.device_ids = {}, .until = std::move(after), .complete = page->next.empty()};
  for (const model::HubDevice& device : page->items) {
    if (fits(condition, device, connections, hub)) out.device_ids.push_back(device.device_id);
    out.until = device.device_id;
  }
  co_return out;
}

}  // namespace muster::hub
