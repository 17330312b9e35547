// Queries of the service API: any text is understood or refused, and what is understood can be asked of any item.
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
  if (query.select.empty()) return;
  const auto selected = muster::model::select_members(item, query.select);
  if (muster::model::select_members(selected, query.select) != selected) std::abort();
}

const boost::json::object& sample_item() {
  static const auto item = muster::model::parse_json_object(R"({
    "registrationId": "Line7-Unit0042", "provisioningStatus": "enabled", "attestation": {"type": "x509"},
    "iotHubs": ["hub-a.example.net"], "createdDateTimeUtc": "2026-03-12T18:42:26.6134020Z",
    "initialTwin": {"tags": {"site": "ams", "floor": 3, "load": 0.5, "on": true, "spare": null}}})");
  return *item;
}

}  // namespace

/// The query, and after a NUL the item it is asked of.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = muster::as_text({data, size});
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string text = muster::wire::unwrap_printed_query(input.substr(0, end));
  const auto query = muster::wire::parse_query(text);
  if (!query) {
    if (!query.error().message.starts_with("query")) std::abort();
    return 0;
  }
  if (text.size() > muster::wire::kMaxQueryLength) std::abort();
  ask(*query, sample_item());
  if (end == input.size()) return 0;
  if (const auto item = muster::model::parse_json_object(input.substr(end + 1))) ask(*query, *item);
  return 0;
}
