#include "server/hub_api/job_api.h"

#include <array>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "hub/job_json.h"
#include "model/json.h"
#include "server/api/api_call.h"
#include "server/hub_api/hub_query.h"

namespace muster::server {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kJobsEndIn{30};  ///< until it is worth asking again whether one has

std::unexpected<HubError> refuse_job(const Error& error) {
  HubError out = to_hub_error(error);
  if (error.code == ErrorCode::kNotFound) out = {404, 404002, "JobNotFound", error.message, error.detail};
  if (error.code == ErrorCode::kConflict) out = {409, 409104, "JobAlreadyExists", error.message, error.detail};
  if (error.code == ErrorCode::kLimitExceeded) {
    out = {429, 429004, "ThrottlingMaxActiveJobCountExceeded", error.message, error.detail, kJobsEndIn};
  }
  return std::unexpected(std::move(out));
}

HubResult answer(const Result<model::HubJob>& job) {
  if (!job) return refuse_job(job.error());
  return json_response(200, json::serialize(hub::job_to_json(*job)));
}

/// A parameter that narrows a list, and what may be asked for. Of some words there is nothing here.
struct Narrowing {
  std::string_view parameter;
  std::string_view member;
  std::vector<std::string_view> words;
};

/// The spelling in which the word stands in jobs.
std::string in_jobs(std::string_view word) {
  return word == "enqueued" ? "queued" : std::string(word);
}

Result<void> narrow(const HubCall& call, const Narrowing& by, wire::Condition& where) {
  const auto asked = call.target.parameter(by.parameter);
  if (!asked || asked->empty()) return {};
  for (const std::string_view word : by.words) {
    if (!equals_nocase(*asked, word)) continue;
    wire::Condition test;
    test.test = {.member = {std::string(by.member)}, .comparison = wire::Comparison::kEqual, .values = {in_jobs(word)}};
    where.operands.push_back(std::move(test));
    return {};
  }
  return invalid(fmt::format("{}: must be one of {}", by.parameter, fmt::join(by.words, ", ")));
}

Result<HubQuery> read_list(const HubCall& call) {
  const std::array<Narrowing, 2> kNarrowings{{
      {"jobType", "type", {"scheduleDeviceMethod", "scheduleUpdateTwin", "export", "import", "unknown"}},
      {"jobStatus",
       "status",
       {"scheduled", "queued", "enqueued", "running", "completed", "failed", "cancelled", "unknown"}},
  }};
  HubQuery out;
  wire::Condition where{.kind = wire::Condition::Kind::kAll};
  for (const Narrowing& narrowing : kNarrowings) {
    if (auto narrowed = narrow(call, narrowing, where); !narrowed) return std::unexpected(narrowed.error());
  }
  out.query.where = std::move(where);
  auto page = read_hub_page(call.request);
  if (!page) return std::unexpected(page.error());
  out.page = *std::move(page);
  return out;
}

}  // namespace

std::vector<HubRoute> JobApi::routes() {
  const auto to = [this](Task<HubResult> (JobApi::*method)(const HubCall&)) {
    return [this, method](const HubCall& call) { return (this->*method)(call); };
  };
  // Either will do (hub-api.md 1.2).
  const std::vector<model::HubRight> rights{model::HubRight::kServiceConnect, model::HubRight::kRegistryWrite};
  return {
      {"GET", {"jobs", "v2", "query"}, rights, to(&JobApi::list)},
      {"GET", {"jobs", "v2", "{}"}, rights, to(&JobApi::get)},
      {"PUT", {"jobs", "v2", "{}"}, rights, to(&JobApi::put)},
      {"POST", {"jobs", "v2", "{}", "cancel"}, rights, to(&JobApi::cancel)},
  };
}

Task<HubResult> JobApi::list(const HubCall& call) {
  auto query = read_list(call);
  if (!query) co_return refuse_hub(query.error());
  JobSource source(jobs_, call.hub);
  const auto page = co_await run_hub_query(source, *std::move(query));
  if (!page) co_return refuse_hub(page.error());
  co_return hub_query_response(*page);
}

Task<HubResult> JobApi::get(const HubCall& call) {
  co_return answer(co_await jobs_.get(call.hub, call.arguments[0]));
}

Task<HubResult> JobApi::put(const HubCall& call) {
  const auto body = model::parse_json_object(call.request.body);
  if (!body) co_return refuse_job(body.error());
  auto job = hub::read_job(*body, call.arguments[0], call.at);
  if (!job) co_return refuse_job(job.error());
  co_return answer(co_await jobs_.create(call.hub, *std::move(job)));
}

Task<HubResult> JobApi::cancel(const HubCall& call) {
  co_return answer(co_await jobs_.cancel(call.hub, call.arguments[0]));
}

}  // namespace muster::server
