#include "provisioning/custom_allocation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "provisioning/webhook_request.h"

namespace muster::provisioning {
namespace {

using model::LinkedHub;
using CallOutcome = Webhooks::Reply::Outcome;
using Candidates = std::vector<const LinkedHub*>;

constexpr int kOk = 200;

Allocation invalid_answer(const std::string& why, std::string message, std::vector<Check> checks) {
  checks.push_back({"allocation.webhook-answer", false, why});
  return no_allocation(Cause::kWebhookAnswerInvalid, std::move(message), std::move(checks));
}

/// The hub that the answer names, or the one where the device stays whatever it names.
Allocation follow(const WebhookAnswer& answer, const AssignmentInput& input, const Candidates& candidates,
                  std::vector<Check> checks) {
  const auto named = std::ranges::find_if(
      candidates, [&answer](const LinkedHub* hub) { return equals_nocase(hub->host_name, answer.hub); });
  const LinkedHub* stays = staying_hub(input);
  if (stays == nullptr && named == candidates.end()) {
    return invalid_answer(fmt::format("{} is none of the linkedHubs of the request", answer.hub),
                          "Custom allocation failed: the hub is none of the linked hubs.", std::move(checks));
  }
  checks.push_back({"allocation.webhook-answer", true,
                    fmt::format("{}{}{}", answer.hub, answer.initial_twin ? ", with an initial twin" : "",
                                answer.payload ? ", with a payload for the device" : "")});
  Allocation out;
  out.hub = stays != nullptr ? stays : *named;
  const std::string_view why = stays != nullptr ? "never reprovisioned, whatever the webhook says" : "by the webhook";
  checks.push_back({"allocation.hub", true, fmt::format("{} ({})", out.hub->host_name, why)});
  out.checks = std::move(checks);
  // Who stays keeps its twin too, but is told what the webhook has for it.
  if (stays == nullptr) out.initial_twin = answer.initial_twin;
  out.payload = answer.payload;
  return out;
}

/// Why there is no hub: what the device is told, in words that say nothing of where the webhook is.
Allocation failed(const Webhooks::Reply& reply, std::vector<Check> checks) {
  switch (reply.outcome) {
    case CallOutcome::kNotAllowed:
      return no_allocation(Cause::kWebhookNotAllowed, "Custom allocation failed: the webhook may not be called.",
                           std::move(checks));
    case CallOutcome::kResting:
      return no_allocation(Cause::kWebhookResting, "Custom allocation failed: the webhook is not asked for a while.",
                           std::move(checks));
    case CallOutcome::kAnswered:
      return no_allocation(Cause::kCustomAllocationFailed,
                           fmt::format("Custom allocation failed with status code: {}", reply.response.status),
                           std::move(checks));
    case CallOutcome::kUnreachable:
    case CallOutcome::kStopping:
      break;
  }
  return no_allocation(Cause::kWebhookUnreachable, "Custom allocation failed: the webhook did not answer.",
                       std::move(checks));
}

Allocation judge(const Webhooks::Reply& reply, const AssignmentInput& input, const Candidates& candidates,
                 std::vector<Check> checks) {
  if (reply.outcome != CallOutcome::kAnswered || reply.response.status != kOk) return failed(reply, std::move(checks));
  const auto answer = read_webhook_answer(reply.response.body);
  if (answer) return follow(*answer, input, candidates, std::move(checks));
  return invalid_answer(answer.error().message, "Custom allocation failed: the answer of the webhook is invalid.",
                        std::move(checks));
}

WebhookExchange exchange_of(const Webhooks::Call& call, const Webhooks::Reply& reply, const std::string& device,
                            const Allocation& allocation, TimePoint at) {
  const auto secrets = query_values(call.url);
  WebhookExchange out;
  out.at = at;
  out.url = masked_url(call.url);
  out.registration_id = device;
  out.tracking_id = call.tracking_id;
  out.test = call.asker == Webhooks::Asker::kOperator;
  out.request = masked_body(call.body, secrets);
  out.status = reply.response.status;
  out.response = masked_body(reply.response.body, secrets);
  out.took = reply.took;
  out.good = allocation.hub != nullptr;
  out.verdict = out.good ? allocation.hub->host_name : allocation.error_message;
  return out;
}

}  // namespace

bool asks_webhook(const AssignmentInput& input) {
  return allocation_policy_of(input.enrollment, input.config) == model::AllocationPolicy::kCustom;
}

std::optional<WebhookAnswer> CustomAllocation::recall(const std::string& operation_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = answers_.find(operation_id);
  return found == answers_.end() ? std::nullopt : std::optional(found->second);
}

void CustomAllocation::ended(const std::string& operation_id) {
  const std::scoped_lock lock(mutex_);
  answers_.erase(operation_id);
}

Task<Result<Allocation>> CustomAllocation::allocate(const AssignmentInput& input, const model::Operation& operation) {
  if (const auto answer = recall(operation.id)) {
    std::vector<Check> checks{{"allocation.policy", true, "custom"}};
    const auto candidates = allocation_candidates(input.enrollment, input.config, checks);
    Allocation again = follow(*answer, input, candidates, std::move(checks));
    if (again.hub != nullptr) co_return again;  // else it was unlinked meanwhile
  }
  auto asked = co_await ask(input, operation, Webhooks::Asker::kDevice);
  if (!asked) co_return std::unexpected(asked.error());
  if (asked->allocation.hub != nullptr) {
    const std::scoped_lock lock(mutex_);
    answers_.insert_or_assign(operation.id, WebhookAnswer{.hub = asked->allocation.hub->host_name,
                                                          .initial_twin = asked->allocation.initial_twin,
                                                          .payload = asked->allocation.payload});
  }
  co_return std::move(asked->allocation);
}

Task<Result<CustomAllocation::Trial>> CustomAllocation::try_out(const AssignmentInput& input,
                                                                const model::Operation& operation) {
  return ask(input, operation, Webhooks::Asker::kOperator);
}

Task<Result<CustomAllocation::Trial>> CustomAllocation::ask(const AssignmentInput& input,
                                                            const model::Operation& operation, Webhooks::Asker asker) {
  std::vector<Check> checks{{"allocation.policy", true, "custom"}};
  const auto candidates = allocation_candidates(input.enrollment, input.config, checks);
  const auto& custom = input.enrollment.custom_allocation;
  if (candidates.empty()) co_return Trial{no_candidates(input.enrollment, std::move(checks)), {}};
  if (!custom) {
    co_return Trial{no_allocation(Cause::kWebhookNotAllowed, "Custom allocation failed: the enrollment has no webhook.",
                                  std::move(checks)),
                    {}};
  }
  const Webhooks::Call call{.instance = input.config.instance.id,
                            .url = custom->webhook_url,
                            .body = boost::json::serialize(webhook_request(input, operation, candidates)),
                            .tracking_id = operation.tracking_id,
                            .asker = asker};
  const TimePoint at = clock_.now();
  auto reply = co_await webhooks_.call(call);
  if (reply.outcome == CallOutcome::kStopping) co_return fail(ErrorCode::kUnavailable, "The service is stopping.");
  std::ranges::move(reply.checks, std::back_inserter(checks));
  Trial trial{judge(reply, input, candidates, std::move(checks)), {}};
  trial.exchange = exchange_of(call, reply, operation.registration_id, trial.allocation, at);
  journal_.add(call.instance, reply.webhook, trial.exchange);
  co_return trial;
}

}  // namespace muster::provisioning
