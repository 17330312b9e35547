// Queries of the service API and of hubs: any text is understood or refused, and what is understood can be asked of any
// item.
#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "model/item_query.h"
#include "model/json.h"

namespace {

using muster::wire::Condition;

std::size_t depth_of(const Condition& condition) {
  std::size_t deepest = 0;
  for (const Condition& operand : condition.operands) deepest = std::max(deepest, depth_of(operand));
  return deepest + 1;
}

void ask(const muster::wire::Query& query, const boost::json::object& item) {
  if (query.where) {
    // OR, AND and NOT inside each other make three levels out of one of the parser's.
    if (depth_of(*query.where) > 3 * (muster::wire::kMaxQueryDepth + 1)) std::abort();
    const bool found = muster::model::ItemFilter(*query.where).matches(item);
    Condition opposite{.kind = Condition::Kind::kNot};
    opposite.operands.push_back(*query.where);
    if (muster::model::ItemFilter(std::move(opposite)).matches(item) == found) std::abort();
  }
  const auto selected = muster::model::select_members(item, query.select);
  const bool renamed = std::ranges::any_of(query.select, [](const auto& each) { return !each.alias.empty(); });
  if (!renamed && muster::model::select_members(selected, query.select) != selected) std::abort();
}

const boost::json::object& sample_item() {
  static const auto item = muster::model::parse_json_object(R"({
    "registrationId": "Line7-Unit0042", "provisioningStatus": "enabled", "attestation": {"type": "x509"},
    "iotHubs": ["hub-a.example.net"], "createdDateTimeUtc": "2026-03-12T18:42:26.6134020Z",
    "initialTwin": {"tags": {"site": "ams", "floor": 3, "load": 0.5, "on": true, "spare": null}}})");
  return *item;
}

void check(const muster::Result<muster::wire::Query>& query, std::size_t size, std::string_view item_text) {
  if (!query) {
    if (!query.error().message.starts_with("query")) std::abort();
    return;
  }
  if (size > muster::wire::kMaxQueryLength) std::abort();
  ask(*query, sample_item());
  if (const auto item = muster::model::parse_json_object(item_text)) ask(*query, *item);
}

}  // namespace

/// The query, and after a NUL the item it is asked of.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = muster::as_text({data, size});
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string_view item = input.substr(std::min(end + 1, input.size()));
  const std::string text = muster::wire::unwrap_printed_query(input.substr(0, end));
  const auto of_service = muster::wire::parse_query(text);
  check(of_service, text.size(), item);
  const auto of_hub = muster::wire::parse_query(text, muster::wire::QueryLanguage::kHub);
  check(of_hub, text.size(), item);
  // A hub's language has more, and nothing means something else in it.
  if (of_service && (!of_hub || *of_hub != *of_service)) std::abort();
  check(muster::wire::parse_job_condition(text), text.size(), item);
  return 0;
}
