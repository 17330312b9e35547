#include "provisioning/assignment.h"

#include <utility>

#include <fmt/format.h>

#include "provisioning/reprovision_plan.h"

namespace muster::provisioning {
namespace {

using model::LinkedHub;
using model::Substatus;

constexpr int kHubRefusedUs = 400209;  // device-api.md 3.6, R-214

constexpr std::string_view kNothingToCarry = "its data were not there to be moved; it starts with the initial twin";

AssignmentResult failed(Cause cause, int code, std::string message, std::vector<Check> checks) {
  AssignmentResult result;
  result.cause = cause;
  result.error_code = code;
  result.error_message = std::move(message);
  result.checks = std::move(checks);
  return result;
}

AssignmentResult failed(const Allocation& allocation) {
  return failed(*allocation.cause, allocation.error_code, allocation.error_message, allocation.checks);
}

AssignmentResult assigned(const ReprovisionPlan& plan, std::vector<Check> checks) {
  AssignmentResult result;
  result.status = AssignmentResult::Status::kAssigned;
  result.hub = plan.target->host_name;
  result.device_id = plan.spec.device_id;
  result.substatus = plan.substatus;
  result.checks = std::move(checks);
  return result;
}

bool may_pass(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kInternal;
}

std::string facts_of(const std::string& hub, const Error& error) {
  std::string facts = fmt::format("{}: {}", hub, error.message);
  if (!error.detail.empty()) facts += fmt::format(" ({})", error.detail);
  return facts;
}

/// One assignment on its way through the hubs that have to be asked.
class Move {
 public:
  Move(const AssignmentInput& input, ReprovisionPlan plan, HubLink& hubs, store::Store& store, TimePoint now,
       std::vector<Check> checks)
      : instance_(input.config.instance.id),
        registration_id_(input.record.registration_id),
        plan_(std::move(plan)),
        hubs_(hubs),
        store_(store),
        now_(now),
        checks_(std::move(checks)) {}

  Task<Result<AssignmentResult>> run() {
    if (auto fetched = co_await fetch_data(); !fetched) co_return ended_by(*plan_.former, fetched.error());
    std::optional<StoredLeave> leaves;
    if (plan_.former && plan_.former->hub.kind == model::HubKind::kLocal) {
      leaves = StoredLeave{plan_.former->hub, plan_.spec.carried && !plan_.twin_instead};
    }
    auto stored = hubs_.stored_put(instance_, *plan_.target, plan_.spec, leaves);
    if (!stored) {
      if (auto put = co_await put_elsewhere(); !put) co_return ended_by({*plan_.target, true}, put.error());
    }
    passed("hub.put-device", plan_.target->host_name);
    AssignmentResult result = assigned(plan_, std::move(checks_));
    result.device = std::move(stored);
    leave(result);
    co_return result;
  }

 private:
  void passed(std::string what, std::string facts) { checks_.push_back({std::move(what), true, std::move(facts)}); }

  /// What the device takes along. A hub that cannot be asked ends the assignment: the old twin is not lost.
  Task<Result<void>> fetch_data() {
    if (!plan_.former) co_return Result<void>();
    if (!plan_.carry) {
      if (!plan_.former->linked) nothing_to_carry(fmt::format("{} is not linked", plan_.former->hub.host_name));
      co_return Result<void>();
    }
    auto read = co_await hubs_.read_device(instance_, plan_.former->hub, plan_.spec.device_id);
    if (!read) co_return std::unexpected(read.error());
    if (!*read) {
      nothing_to_carry(fmt::format("{} does not know the device", plan_.former->hub.host_name));
      co_return Result<void>();
    }
    plan_.spec.carried = std::move(**read);
    passed("hub.read-device", plan_.former->hub.host_name);
    if (plan_.twin_instead) put_twin_instead(plan_.spec.carried->twin);
    co_return Result<void>();
  }

  /// All else goes along as it was read; the version stays, because it tells whether the device changed meanwhile.
  void put_twin_instead(model::Twin& carried) {
    const auto version = carried.version;
    carried = model::make_twin(plan_.twin_instead->tags, plan_.twin_instead->desired, now_);
    carried.version = version;
    passed("allocation.initial-twin", "the webhook's twin takes the place of the one that would have moved");
  }

  void nothing_to_carry(const std::string& why) {
    plan_.substatus = Substatus::kDeviceDataReset;
    checks_.push_back({"hub.read-device", false, fmt::format("{}: {}", why, kNothingToCarry)});
  }

  /// The steps at a hub elsewhere. What an earlier, broken-off try left there is made use of.
  Task<Result<void>> put_elsewhere() {
    auto noted = co_await store_.note_hub_leftover(
        instance_, {plan_.target->host_name, plan_.spec.device_id, registration_id_, now_});
    if (!noted) co_return std::unexpected(noted.error());
    auto outcome = co_await hubs_.put_identity(instance_, *plan_.target, plan_.spec);
    if (!outcome) co_return std::unexpected(outcome.error());
    const bool ours = *noted || *outcome != PutOutcome::kFound;
    if (!ours) {
      // Somebody else made it: it stays there whatever becomes of this assignment.
      auto dropped = co_await store_.drop_hub_leftover(instance_, plan_.target->host_name, plan_.spec.device_id);
      if (!dropped) co_return dropped;
    }
    co_return co_await put_twin(*outcome, ours);
  }

  Task<Result<void>> put_twin(PutOutcome outcome, bool ours) {
    using enum HubDeviceSpec::ExistingTwin;
    auto how = HubLink::TwinWrite::kReplace;
    if (outcome == PutOutcome::kCreated) {
      how = HubLink::TwinWrite::kMerge;
    } else if (plan_.spec.existing_twin == kKeep) {
      if (!ours) co_return Result<void>();
      auto untouched = co_await has_untouched_twin();
      if (!untouched) co_return std::unexpected(untouched.error());
      if (!*untouched) co_return Result<void>();
    }
    auto twin = plan_.spec.initial_twin;
    if (plan_.spec.carried) twin = {plan_.spec.carried->twin.tags, plan_.spec.carried->twin.desired.values};
    const bool empty = twin.tags.empty() && twin.desired.empty();
    if (empty && how == HubLink::TwinWrite::kMerge) co_return Result<void>();
    auto written = co_await hubs_.write_twin(instance_, *plan_.target, plan_.spec.device_id, std::move(twin), how);
    if (!written && written.error().code == ErrorCode::kUnsupported) {  // hub-api.md 5.2: a warning
      checks_.push_back({"hub.write-twin", false, facts_of(plan_.target->host_name, written.error())});
      co_return Result<void>();
    }
    co_return written;
  }

  /// Of a device that an earlier try may have made: whether it still waits for its first twin.
  Task<Result<bool>> has_untouched_twin() {
    auto device = co_await hubs_.read_device(instance_, *plan_.target, plan_.spec.device_id);
    if (!device) co_return std::unexpected(device.error());
    co_return !*device || ((*device)->twin.tags.empty() && (*device)->twin.desired.values.empty());
  }

  /// A device left behind never fails the assignment (hub-api.md 5.3): it is noted, and goes from there later.
  void leave(AssignmentResult& result) {
    if (!plan_.former) return;
    const LinkedHub& former = plan_.former->hub;
    if (result.device && !result.device->leaves.empty()) {
      result.checks.push_back({"hub.leave", true, former.host_name});
      return;
    }
    result.removal = hubs_.stored_removal(instance_, former, plan_.spec.device_id,
                                          plan_.spec.carried ? &*plan_.spec.carried : nullptr);
    if (result.removal) return;
    result.leftover = store::HubLeftover{former.host_name, plan_.spec.device_id, registration_id_, now_};
    result.checks.push_back({"hub.leave", plan_.former->linked,
                             plan_.former->linked
                                 ? fmt::format("{}: the device is being removed", former.host_name)
                                 : fmt::format("{} is not linked: the device stays there", former.host_name)});
  }

  /// A definite refusal by a hub becomes the registration's result; anything else may pass.
  Result<AssignmentResult> ended_by(const FormerHub& hub, const Error& error) {
    if (may_pass(error)) {
      return fail(error.code, error.message, fmt::format("{} {}", hub.hub.host_name, error.detail));
    }
    checks_.push_back({"hub.put-device", false, facts_of(hub.hub.host_name, error)});
    return hub_failure(Cause::kHubRefused, "The IoT hub refused the registration.", std::move(checks_));
  }

  const model::InstanceId instance_;
  const std::string registration_id_;
  ReprovisionPlan plan_;
  HubLink& hubs_;
  store::Store& store_;
  const TimePoint now_;
  std::vector<Check> checks_;
};

}  // namespace

AssignmentResult hub_failure(Cause cause, std::string message, std::vector<Check> checks) {
  return failed(cause, kHubRefusedUs, std::move(message), std::move(checks));
}

const LinkedHub* staying_hub(const AssignmentInput& input) {
  const bool stays = !effective_policy(input).update_hub_assignment && !input.record.assigned_hub.empty();
  return stays ? input.config.find_hub(input.record.assigned_hub) : nullptr;
}

Allocation choose_hub(const AssignmentInput& input) {
  if (const LinkedHub* hub = staying_hub(input); hub != nullptr) {
    return {
        hub, 0, {}, std::nullopt, {{"allocation.hub", true, fmt::format("{} (never reprovisioned)", hub->host_name)}}};
  }
  return allocate(input.enrollment, input.config, input.record.registration_id, input.place);
}

std::optional<AssignmentResult> assign_in_store(const AssignmentInput& input, Allocation allocation, HubLink& hubs) {
  if (allocation.hub == nullptr) return failed(allocation);
  ReprovisionPlan plan = plan_for(allocation, input);
  if (plan.former) return std::nullopt;  // how that ends depends on what the former hub has
  AssignmentResult result = assigned(plan, std::move(allocation.checks));
  result.device = hubs.stored_put(input.config.instance.id, *plan.target, std::move(plan.spec), std::nullopt);
  if (!result.device) return std::nullopt;
  result.checks.push_back({"hub.put-device", true, result.hub});
  result.payload = std::move(allocation.payload);
  return result;
}

Task<Result<AssignmentResult>> assign(const AssignmentInput& input, Allocation allocation, HubLink& hubs,
                                      store::Store& store, TimePoint now) {
  if (allocation.hub == nullptr) co_return failed(allocation);
  if (auto stored = assign_in_store(input, allocation, hubs)) co_return std::move(*stored);
  Move move(input, plan_for(allocation, input), hubs, store, now, std::move(allocation.checks));
  auto result = co_await move.run();
  if (result && result->status == AssignmentResult::Status::kAssigned) result->payload = std::move(allocation.payload);
  co_return result;
}

}  // namespace muster::provisioning
