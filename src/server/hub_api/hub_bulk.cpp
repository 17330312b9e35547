#include "server/hub_api/hub_bulk.h"

#include <array>
#include <set>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "model/named_value.h"
#include "server/hub_api/hub_error.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using hub::Registry;
using Mode = HubBulkItem::Mode;

constexpr std::size_t kMostItems = 100;

/// The spellings differ in case between clients; those with IfMatch take the etag into account.
struct ModeWord {
  Mode mode;
  bool by_etag;
};
constexpr std::array kModes{
    model::NamedValue<ModeWord>{{Mode::kCreate, false}, "create"},
    model::NamedValue<ModeWord>{{Mode::kUpdate, false}, "update"},
    model::NamedValue<ModeWord>{{Mode::kUpdate, true}, "updateIfMatchETag"},
    model::NamedValue<ModeWord>{{Mode::kDelete, false}, "delete"},
    model::NamedValue<ModeWord>{{Mode::kDelete, true}, "deleteIfMatchETag"},
    model::NamedValue<ModeWord>{{Mode::kUpdateTwin, false}, "updateTwin"},
    model::NamedValue<ModeWord>{{Mode::kUpdateTwin, true}, "updateTwinIfMatchETag"},
};

Result<ModeWord> read_mode(const json::object& item) {
  const auto text = model::optional_string(item, "importMode");
  if (!text) return std::unexpected(text.error());
  if (!*text) return ModeWord{Mode::kCreate, false};
  if (const auto mode = model::value_named(kModes, **text)) return *mode;
  return invalid(fmt::format("importMode: {} is none.", **text));
}

Result<model::IfMatch> read_match(const json::object& item, const ModeWord& mode) {
  if (mode.mode == Mode::kCreate) return model::IfMatch::absent();
  if (!mode.by_etag) return model::IfMatch::any();
  const std::string_view member = mode.mode == Mode::kUpdateTwin ? "twinETag" : "eTag";
  const auto etag = model::required_string(item, member);
  if (!etag) return std::unexpected(etag.error());
  return model::IfMatch::parse(*etag);
}

Result<HubBulkItem> read_item(const json::value& value, Random& random) {
  if (!value.is_object()) return invalid("An item is no object.");
  const json::object& item = value.get_object();
  auto mode = read_mode(item);
  if (!mode) return std::unexpected(mode.error());
  auto match = read_match(item, *mode);
  if (!match) return std::unexpected(match.error());
  auto identity = hub::read_identity(item, "id", random);
  if (!identity) return std::unexpected(identity.error());
  HubBulkItem out{.mode = mode->mode, .identity = *std::move(identity), .match = *std::move(match), .twin = {}};
  for (const std::string_view member : {"tags", "properties"}) {
    if (const auto* part = item.if_contains(member); part != nullptr && !part->is_null()) out.twin[member] = *part;
  }
  return out;
}

json::object error_of(const std::string& device_id, const Error& error) {
  const HubError told = to_hub_error(error);
  return {{"deviceId", device_id}, {"errorCode", told.name}, {"errorStatus", told.message}};
}

/// What one item did not manage; `twin_only`: the device is there, its twin is not as it was asked for.
struct Failure {
  Error error;
  bool twin_only = false;
};

Task<std::optional<Failure>> run_item(Registry& registry, hub::HubName hub, HubBulkItem item) {
  const std::string id = item.identity.device_id;
  const auto failed = [](const auto& result, bool twin_only = false) {
    return result ? std::nullopt : std::optional(Failure{result.error(), twin_only});
  };
  if (item.mode == Mode::kDelete) co_return failed(co_await registry.remove(hub, id, item.match));
  if (item.mode == Mode::kUpdateTwin) {
    co_return failed(co_await registry.write_twin(hub, id, item.twin, Registry::TwinWrite::kMerge, item.match));
  }
  if (auto put = failed(co_await registry.put(hub, std::move(item.identity), item.match))) co_return put;
  if (item.mode != Mode::kCreate || item.twin.empty()) co_return std::nullopt;
  co_return failed(
      co_await registry.write_twin(hub, id, item.twin, Registry::TwinWrite::kReplace, model::IfMatch::any()), true);
}

}  // namespace

Result<std::vector<HubBulkItem>> read_hub_bulk(std::string_view body, Random& random) {
  const auto parsed = model::parse_json(body);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->is_array()) return invalid("The body is no array of devices.");
  const json::array& items = parsed->get_array();
  if (items.empty() || items.size() > kMostItems) {
    return invalid(fmt::format("A call takes 1 to {} devices; these are {}.", kMostItems, items.size()));
  }
  std::vector<HubBulkItem> out;
  out.reserve(items.size());
  std::set<std::string> ids;
  for (const json::value& value : items) {
    auto item = read_item(value, random);
    if (!item) return invalid(fmt::format("Item {}: {}", out.size() + 1, item.error().message));
    if (!ids.insert(item->identity.device_id).second) {
      return invalid(fmt::format("The device {} is there twice.", item->identity.device_id));
    }
    out.push_back(*std::move(item));
  }
  return out;
}

Task<json::object> run_hub_bulk(Registry& registry, hub::HubName hub, std::vector<HubBulkItem> items) {
  json::array errors;
  json::array warnings;
  for (HubBulkItem& item : items) {
    const std::string id = item.identity.device_id;
    const auto failure = co_await run_item(registry, hub, std::move(item));
    if (!failure) continue;
    if (failure->twin_only) {
      warnings.push_back(json::object{
          {"deviceId", id}, {"warningCode", "DeviceRegisteredWithoutTwin"}, {"warningStatus", failure->error.message}});
    } else {
      errors.push_back(error_of(id, failure->error));
    }
  }
  const bool successful = errors.empty();
  co_return json::object{
      {"isSuccessful", successful}, {"errors", std::move(errors)}, {"warnings", std::move(warnings)}};
}

}  // namespace muster::server
