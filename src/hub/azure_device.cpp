#include "hub/azure_device.h"

#include <utility>

#include "hub/azure_wire.h"
#include "model/json.h"

namespace muster::hub {
namespace {

namespace json = boost::json;
using outbound::HttpResponse;
using provisioning::DeviceData;
using provisioning::HubDeviceSpec;
using provisioning::HubLink;
using provisioning::InitialTwin;
using provisioning::PutOutcome;
using Turn = LinkGate::Turn;

constexpr int kNotFound = 404;
constexpr int kConflict = 409;
constexpr int kPreconditionFailed = 412;
constexpr const char* kAny = "*";

// How often a device that others change at the same time is read and written again.
constexpr int kRounds = 4;
// A hub may not know yet what it has made a moment ago.
constexpr int kTwinTries = 4;
constexpr std::chrono::milliseconds kTwinDelay{250};

std::unexpected<Error> no_answer_to(std::string_view what) {
  return fail(ErrorCode::kUnavailable, "The hub's answer makes no sense.", std::string(what));
}

/// The document of a successful answer about this device.
Result<json::object> document(const HttpResponse& response, std::string_view device_id, std::string_view what) {
  auto body = model::parse_json_object(response.body);
  if (!body || !azure_identity_of(*body, device_id)) return no_answer_to(what);
  return body;
}

/// nullopt: the hub does not know the device.
Task<Result<std::optional<json::object>>> get(AzureLink& link, std::string path, std::string device_id,
                                              std::string what) {
  auto answer = co_await link.call({.method = "GET", .path = std::move(path)});
  if (!answer) co_return std::unexpected(answer.error());
  if (answer->response.status == kNotFound) co_return std::nullopt;
  if (!answer->response.success()) co_return std::unexpected(azure_error(answer->response));
  auto body = document(answer->response, device_id, what);
  if (!body) co_return std::unexpected(body.error());
  co_return *std::move(body);
}

/// Makes a device or takes it over, whichever it comes to.
class Put {
 public:
  Put(AzureLink& link, HubDeviceSpec spec, Random& random) : link_(link), spec_(std::move(spec)), random_(random) {}

  Task<Result<PutOutcome>> run() {
    bool look_first = spec_.expected_there;
    for (int round = 0; round < kRounds; ++round) {
      if (!look_first) {
        auto created = co_await create();
        if (!created) co_return std::unexpected(created.error());
        if (*created) co_return PutOutcome::kCreated;
      }
      const auto taken = co_await take_over();
      if (!taken) co_return std::unexpected(taken.error());
      if (*taken == Taken::kYes) co_return lost_ ? PutOutcome::kUnclear : PutOutcome::kFound;
      look_first = *taken == Taken::kChanged;
    }
    co_return fail(ErrorCode::kUnavailable, "The device keeps changing at the hub.", spec_.device_id);
  }

 private:
  enum class Taken { kYes, kGone, kChanged };

  /// False: the device is there already.
  Task<Result<bool>> create() {
    auto answer = co_await link_.call({.method = "PUT",
                                       .path = azure_device_path(spec_.device_id),
                                       .body = azure_new_identity(spec_),
                                       .turn = Turn::kInOrder});
    if (!answer) co_return std::unexpected(answer.error());
    lost_ = lost_ || answer->repeated;
    if (answer->response.success()) co_return true;
    if (answer->response.status == kConflict) co_return false;
    co_return std::unexpected(azure_error(answer->response));
  }

  Task<Result<Taken>> take_over() {
    const std::string path = azure_device_path(spec_.device_id);
    auto current = co_await get(link_, path, spec_.device_id, "GET of a device");
    if (!current) co_return std::unexpected(current.error());
    if (!*current) co_return Taken::kGone;
    if (azure_identity_is(**current, spec_, random_)) co_return Taken::kYes;
    const auto etag = model::optional_string(**current, "etag");
    if (!etag || !*etag || (*etag)->empty()) co_return no_answer_to("etag of a device");
    auto answer = co_await link_.call({.method = "PUT",
                                       .path = path,
                                       .body = azure_adopted_identity(**current, spec_),
                                       .if_match = std::string(**etag)});
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->response.success()) co_return Taken::kYes;
    if (answer->response.status == kPreconditionFailed) co_return Taken::kChanged;
    if (answer->response.status == kNotFound) co_return Taken::kGone;
    co_return std::unexpected(azure_error(answer->response));
  }

  AzureLink& link_;
  HubDeviceSpec spec_;
  Random& random_;
  bool lost_ = false;  ///< an answer that may have told of the creation
};

}  // namespace

Task<Result<PutOutcome>> azure_put(AzureLink& link, HubDeviceSpec spec, Random& random) {
  Put put(link, std::move(spec), random);
  co_return co_await put.run();
}

Task<Result<void>> azure_write_twin(AzureLink& link, std::string device_id, InitialTwin twin, HubLink::TwinWrite how) {
  const AzureLink::Call call{.method = how == HubLink::TwinWrite::kMerge ? "PATCH" : "PUT",
                             .path = azure_twin_path(device_id),
                             .body = azure_twin_body(twin),
                             .if_match = kAny};
  for (int tries = 1;; ++tries) {
    auto answer = co_await link.call(call);
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->response.success()) co_return Result<void>();
    if (answer->response.status != kNotFound) co_return std::unexpected(azure_error(answer->response));
    if (tries >= kTwinTries) {
      co_return fail(ErrorCode::kUnavailable, "The hub does not know the device that it was given.", device_id);
    }
    if (auto waited = co_await link.pause(kTwinDelay * tries); !waited) co_return waited;
  }
}

Task<Result<bool>> azure_set_status(AzureLink& link, std::string device_id, provisioning::HubDeviceStatus status) {
  const std::string path = azure_device_path(device_id);
  for (int round = 0; round < kRounds; ++round) {
    auto current = co_await get(link, path, device_id, "GET of a device");
    if (!current) co_return std::unexpected(current.error());
    if (!*current) co_return false;
    json::object changed = **std::move(current);
    const auto etag = model::optional_string(changed, "etag");
    if (!etag || !*etag || (*etag)->empty()) co_return no_answer_to("etag of a device");
    const std::string if_match(**etag);
    changed["status"] = status.enabled ? "enabled" : "disabled";
    changed["statusReason"] = status.reason;
    auto answer = co_await link.call(
        {.method = "PUT", .path = path, .body = std::move(changed), .if_match = if_match, .turn = Turn::kInOrder});
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->response.success()) co_return true;
    const int http = answer->response.status;
    if (http != kPreconditionFailed && http != kNotFound) co_return std::unexpected(azure_error(answer->response));
  }
  co_return fail(ErrorCode::kUnavailable, "The device keeps changing at the hub.", device_id);
}

Task<Result<std::optional<DeviceData>>> azure_read_device(AzureLink& link, std::string device_id) {
  auto twin = co_await get(link, azure_twin_path(device_id), device_id, "GET of a twin");
  if (!twin && twin.error().code == ErrorCode::kUnsupported) {
    // A hub without twins has nothing but the identity to take along.
    twin = co_await get(link, azure_device_path(device_id), device_id, "GET of a device");
  }
  if (!twin) co_return std::unexpected(twin.error());
  if (!*twin) co_return std::nullopt;
  auto data = azure_device_data(**twin);
  if (!data) co_return std::unexpected(data.error());
  co_return *std::move(data);
}

Task<Result<void>> azure_delete(AzureLink& link, std::string device_id) {
  auto answer = co_await link.call(
      {.method = "DELETE", .path = azure_device_path(device_id), .if_match = kAny, .turn = Turn::kInOrder});
  if (!answer) co_return std::unexpected(answer.error());
  if (answer->response.success() || answer->response.status == kNotFound) co_return Result<void>();
  co_return std::unexpected(azure_error(answer->response));
}

}  // namespace muster::hub
