#include "provisioning/webhook_answer.h"

#include "base/text.h"
#include "model/ids.h"
#include "model/json.h"
#include "model/twin.h"

namespace muster::provisioning {
namespace {

using boost::json::object;

Result<void> check_part(const object& parent, std::string_view member, std::string_view name, std::size_t most) {
  const auto values = model::optional_object(parent, member);
  if (!values) return std::unexpected(values.error());
  if (*values == nullptr) return {};
  return model::check_twin_part(**values, name, most);
}

/// What a hub would refuse is refused here, where the webhook is known to be the cause.
Result<void> check_twin(const object& twin) {
  if (auto tags = check_part(twin, "tags", "tags", model::kMaxTags); !tags) return tags;
  const auto properties = model::optional_object(twin, "properties");
  if (!properties) return std::unexpected(properties.error());
  if (*properties == nullptr) return {};
  return check_part(**properties, "desired", "desired properties", model::kMaxProperties);
}

}  // namespace

Result<WebhookAnswer> read_webhook_answer(std::string_view body) {
  if (body.size() > kMaxWebhookAnswer) return invalid("The answer is too large.");
  // The mark that some libraries begin texts with says nothing here (RFC 8259 section 8.1).
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  const auto answer = model::parse_json_object(body, "The answer");
  if (!answer) return std::unexpected(answer.error());
  const auto hub = model::required_string(*answer, "iotHubHostName");
  if (!hub) return std::unexpected(hub.error());
  if (auto valid = model::check_host_name(*hub, "iotHubHostName"); !valid) return std::unexpected(valid.error());
  const auto twin = model::optional_object(*answer, "initialTwin");
  if (!twin) return std::unexpected(twin.error());
  WebhookAnswer out{.hub = std::string(*hub), .initial_twin = {}, .payload = {}};
  if (*twin != nullptr) {
    if (auto checked = check_twin(**twin); !checked) return invalid("initialTwin: " + checked.error().message);
    out.initial_twin = **twin;
  }
  if (const auto* payload = answer->if_contains("payload"); payload != nullptr && !payload->is_null()) {
    out.payload = *payload;
  }
  return out;
}

}  // namespace muster::provisioning
