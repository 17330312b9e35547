#include "server/api/webhook_api.h"

#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "model/ids.h"
#include "model/json.h"
#include "server/api/attempt_json.h"
#include "server/api/paging.h"

namespace muster::server {
namespace {

namespace json = boost::json;
using model::Enrollment;
using model::EnrollmentKind;
using model::Right;
using provisioning::WebhookExchange;

constexpr std::string_view kTestDevice = "test-device";

/// What a test asks about.
struct TestRequest {
  EnrollmentKind kind = EnrollmentKind::kIndividual;
  std::string enrollment_id;
  std::string registration_id;
  std::optional<json::value> payload;
};

Result<TestRequest> read_test(const ApiCall& call) {
  const auto body = model::parse_json_object(call.request.body);
  if (!body) return std::unexpected(body.error());
  const auto individual = model::optional_string(*body, "enrollmentId");
  if (!individual) return std::unexpected(individual.error());
  const auto group = model::optional_string(*body, "enrollmentGroupId");
  if (!group) return std::unexpected(group.error());
  if (individual->has_value() == group->has_value()) return invalid("Give enrollmentId or enrollmentGroupId.");
  const auto device = model::optional_string(*body, "registrationId");
  if (!device) return std::unexpected(device.error());
  TestRequest out;
  out.kind = *group ? EnrollmentKind::kGroup : EnrollmentKind::kIndividual;
  out.enrollment_id = *group ? **group : **individual;
  out.registration_id = *individual ? out.enrollment_id : device->value_or(kTestDevice);
  if (auto valid = model::check_enrollment_id(out.registration_id, "registrationId"); !valid) {
    return std::unexpected(valid.error());
  }
  if (const auto* payload = body->if_contains("payload")) out.payload = *payload;
  return out;
}

json::value parsed(const std::string& text) {
  auto value = model::parse_json(text);
  return value ? *std::move(value) : json::value(text);
}

json::object to_json(const WebhookExchange& exchange) {
  json::object out{{"timestampUtc", format_time(exchange.at)},
                   {"webhook", exchange.url},
                   {"registrationId", exchange.registration_id},
                   {"trackingId", exchange.tracking_id},
                   {"test", exchange.test},
                   {"assigns", exchange.good},
                   {"verdict", exchange.verdict},
                   {"durationMs", exchange.took.count()}};
  if (!exchange.request.empty()) out["request"] = parsed(exchange.request);
  if (exchange.status != 0) out["status"] = exchange.status;
  if (!exchange.response.empty()) out["response"] = parsed(exchange.response);
  return out;
}

/// A register call of the device that never was.
model::Operation sample_operation(const TestRequest& test, const Enrollment& enrollment, const ApiCall& call) {
  model::Operation operation;
  operation.registration_id = test.registration_id;
  operation.enrollment_kind = enrollment.kind;
  operation.enrollment_id = enrollment.id;
  operation.attestation = std::string(attestation_type(enrollment.attestation));
  operation.payload = test.payload;
  operation.tracking_id = call.tracking_id;
  operation.begun = call.at;
  return operation;
}

}  // namespace

std::vector<Route> WebhookApi::routes() {
  return {
      {"GET", {"webhooks"}, Right::kEnrollmentRead, [this](const ApiCall& call) { return list(call); }},
      {"GET",
       {"webhooks", "exchanges"},
       Right::kEnrollmentRead,
       [this](const ApiCall& call) { return exchanges(call); }},
      // It makes others do something, so it takes more than reading.
      {"POST", {"webhooks", "test"}, Right::kEnrollmentWrite, [this](const ApiCall& call) { return test(call); }},
  };
}

Task<ApiResult> WebhookApi::list(const ApiCall& call) {
  json::array items;
  for (const auto& each : custom_.webhooks()) {
    if (each.instance != call.config->instance.id) continue;
    items.push_back(json::object{{"webhook", each.name},
                                 {"circuit", to_string(each.state)},
                                 {"failuresInARow", each.failures},
                                 {"succeeded", each.succeeded},
                                 {"failed", each.failed}});
  }
  co_return json_response(200, json::serialize(items));
}

Task<ApiResult> WebhookApi::exchanges(const ApiCall& call) {
  const auto page = read_page_request(call);
  if (!page) co_return refuse(page.error());
  const auto device = call.target.parameter("registrationId").value_or("");
  json::array items;
  for (const auto& each : custom_.journal().list(call.config->instance.id, device, page->limit)) {
    items.push_back(to_json(each));
  }
  co_return json_response(200, json::serialize(items));
}

Task<ApiResult> WebhookApi::test(const ApiCall& call) {
  const auto test = read_test(call);
  if (!test) co_return refuse(test.error());
  const auto& instance = call.config->instance.id;
  const auto enrollment = co_await store_.find_enrollment(instance, test->kind, test->enrollment_id);
  if (!enrollment) co_return refuse(enrollment.error());
  if (!*enrollment) co_return refuse(404, 404000, "Enrollment not found.");
  const auto record = co_await store_.find_registration(instance, test->registration_id);
  if (!record) co_return refuse(record.error());
  model::Registration former = *record ? **record : model::Registration();
  former.registration_id = test->registration_id;
  const provisioning::AssignmentInput input{*call.config, **enrollment, former, model::SasCredential{}, ""};
  if (!provisioning::asks_webhook(input)) {
    co_return refuse(400, 400000, "The allocation policy of this enrollment is not custom.");
  }
  const model::Operation operation = sample_operation(*test, **enrollment, call);
  const auto trial = co_await custom_.try_out(input, operation);
  if (!trial) co_return refuse(trial.error());
  json::object out = to_json(trial->exchange);
  out["checks"] = server::to_json(trial->allocation.checks);
  co_return json_response(200, json::serialize(out));
}

}  // namespace muster::server
