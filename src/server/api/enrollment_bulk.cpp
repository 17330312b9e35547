#include "server/api/enrollment_bulk.h"

#include <set>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "model/ids.h"
#include "model/json.h"
#include "server/api/enrollment_words.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::EnrollmentKind;

Result<BulkMode> parse_mode(std::string_view text) {
  if (equals_nocase(text, "create")) return BulkMode::kCreate;
  if (equals_nocase(text, "update") || equals_nocase(text, "updateIfMatchETag")) return BulkMode::kUpdate;
  if (equals_nocase(text, "delete")) return BulkMode::kDelete;
  return invalid("mode must be create, update, updateIfMatchETag or delete.");
}

Result<BulkItem> read_item(const json::value& value, EnrollmentKind kind) {
  const EnrollmentWords& words = enrollment_words(kind);
  if (!value.is_object()) return invalid(fmt::format("{}: every item must be an object.", words.collection));
  const auto id = model::required_string(value.get_object(), words.id_member);
  if (!id) return std::unexpected(id.error());
  const auto etag = model::optional_string(value.get_object(), "etag");
  if (!etag) return std::unexpected(etag.error());
  return BulkItem{std::string(*id), std::string(etag->value_or("")), value.get_object()};
}

model::IfMatch if_match(const BulkItem& item) {
  return item.etag.empty() ? model::IfMatch::absent() : model::IfMatch::exactly(item.etag);
}

json::object item_error(EnrollmentKind kind, const BulkItem& item, const Error& error) {
  const ApiError mapped = to_api_error(kind, error);
  return {{enrollment_words(kind).id_member, item.id}, {"errorCode", mapped.code}, {"errorStatus", mapped.message}};
}

}  // namespace

Result<BulkRequest> read_bulk_request(const json::object& body, EnrollmentKind kind, std::size_t most) {
  const std::string_view collection = enrollment_words(kind).collection;
  const auto mode_text = model::required_string(body, "mode");
  if (!mode_text) return std::unexpected(mode_text.error());
  auto mode = parse_mode(*mode_text);
  if (!mode) return std::unexpected(mode.error());
  const auto array = model::optional_array(body, collection);
  if (!array) return std::unexpected(array.error());
  if (*array == nullptr || (*array)->empty()) return invalid(fmt::format("{}: no items.", collection));
  if ((*array)->size() > most) {
    return invalid(fmt::format("{}: {} items, at most {} are allowed.", collection, (*array)->size(), most));
  }
  BulkRequest request{*mode, {}};
  std::set<std::string> seen;
  for (const json::value& value : **array) {
    auto item = read_item(value, kind);
    if (!item) return std::unexpected(item.error());
    if (!seen.insert(model::id_key(item->id)).second) {
      return invalid(fmt::format("{}: {} stands there twice.", collection, item->id));
    }
    request.items.push_back(std::move(*item));
  }
  return request;
}

Task<json::object> run_bulk(BulkRequest request, EnrollmentWriter& writer,
                            std::shared_ptr<const model::InstanceConfig> config, EnrollmentKind kind, TimePoint at) {
  json::array errors;
  for (BulkItem& item : request.items) {
    std::optional<Error> error;
    if (request.mode == BulkMode::kDelete) {
      auto removed = co_await writer.remove(config->instance.id, kind, item.id, if_match(item));
      if (!removed) error = removed.error();
    } else {
      const model::IfMatch match = request.mode == BulkMode::kCreate ? model::IfMatch::absent() : if_match(item);
      auto stored = co_await writer.put(config, kind, item.id, std::move(item.body), match, at);
      if (!stored) error = stored.error();
    }
    if (error) errors.push_back(item_error(kind, item, *error));
  }
  const bool successful = errors.empty();
  co_return json::object{{"errors", std::move(errors)}, {"isSuccessful", successful}};
}

}  // namespace muster::server
