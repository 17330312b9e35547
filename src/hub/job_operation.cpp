#include "hub/job_operation.h"

#include <algorithm>
#include <utility>

#include "hub/method_json.h"
#include "model/etag.h"

namespace muster::hub {
namespace {

using model::DeviceJob;
using model::DeviceJobStatus;
using model::HubJob;

struct Failure {
  std::string code;
  std::string description;
};

/// The names that clients know from the answers of a hub (hub-api.md 1.8).
Failure failure_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return {"DeviceNotFound", error.message};
    case ErrorCode::kPreconditionFailed:
      return {"PreconditionFailed", error.message};
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kTooLarge:
      return {"ArgumentInvalid", error.message};
    default:
      return {"ServerError", "Internal error."};
  }
}

using Ending = std::expected<boost::json::object, Failure>;
/// Absent: it has to be tried again.
using Attempt = std::optional<Ending>;

Attempt failed(const Error& error) {
  if (error.code == ErrorCode::kUnavailable) return std::nullopt;
  return Ending(std::unexpected(failure_of(error)));
}

Task<Attempt> call_method(const JobTools& tools, HubName hub, std::shared_ptr<const HubJob> job,
                          std::string device_id) {
  auto call = read_method_call(job->task);
  if (!call) co_return failed(call.error());
  if (const auto known = co_await tools.registry.get(hub, device_id); !known) co_return failed(known.error());
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(job->deadline() - tools.clock.now());
  call->response_timeout = std::clamp(left, std::chrono::milliseconds(0), call->response_timeout);
  call->connect_timeout = std::clamp(left, std::chrono::milliseconds(0), call->connect_timeout);
  const auto outcome = co_await tools.methods.invoke(hub, device_id, *std::move(call));
  if (outcome) co_return Ending(method_answer_to_json(*outcome));
  const bool offline = outcome.error() == MethodFault::kOffline;
  co_return Ending(
      std::unexpected(Failure{offline ? "DeviceNotOnline" : "GatewayTimeout", describe(outcome.error(), device_id)}));
}

Task<Attempt> update_twin(const JobTools& tools, HubName hub, std::shared_ptr<const HubJob> job,
                          std::string device_id) {
  const auto* etag = job->task.if_contains("etag");
  const bool named = etag != nullptr && etag->is_string();
  const auto match = named ? model::IfMatch::parse(std::string_view(etag->get_string())) : model::IfMatch::any();
  const auto stored =
      co_await tools.registry.write_twin(hub, std::move(device_id), job->task, Registry::TwinWrite::kMerge, match);
  if (!stored) co_return failed(stored.error());
  co_return Ending(boost::json::object());
}

}  // namespace

Task<DeviceJob> run_on_device(const JobTools& tools, HubName hub, std::shared_ptr<const HubJob> job, DeviceJob device) {
  const bool method = job->type == model::JobType::kDeviceMethod;
  auto attempt =
      method ? call_method(tools, hub, job, device.device_id) : update_twin(tools, hub, job, device.device_id);
  auto ending = co_await attempt;
  device.updated = tools.clock.now();
  if (!ending) {
    device.status = DeviceJobStatus::kPending;
    device.started.reset();
    co_return device;
  }
  device.ended = device.updated;
  if (*ending) {
    device.status = DeviceJobStatus::kCompleted;
    device.outcome = **std::move(ending);
  } else {
    device.status = DeviceJobStatus::kFailed;
    device.error_code = std::move(ending->error().code);
    device.error_description = std::move(ending->error().description);
  }
  co_return device;
}

}  // namespace muster::hub
