#pragma once

// For tests: a hub elsewhere, as a client of HTTPS sees it, that can be told to misbehave.

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/serialize.hpp>

#include "hub/registry.h"
#include "model/json.h"
#include "outbound/http.h"
#include "provisioning/test_world.h"
#include "wire/percent.h"
#include "wire/sas_token.h"

namespace muster::hub::testing {

/// What a call gets in place of the proper answer.
struct Fault {
  std::string method = {};  ///< of the calls that it is for; empty: any
  int status = 0;           ///< 0: the connection is cut
  bool carried_out = false;
  outbound::HttpHeaders headers = {};
  std::string body = {};
};

/// The service API of one hub over the registry that our own hubs have (hub-api.md 1.3 to 1.5, 1.8).
class AzureHub final : public outbound::HttpClient {
 public:
  using HttpRequest = outbound::HttpRequest;
  using HttpResponse = outbound::HttpResponse;

  AzureHub(provisioning::testing::World& world, model::LinkedHub hub)
      : world_(world), hub_(std::move(hub)), registry_({world.store(), world.clock, world.random}) {}

  Task<Result<HttpResponse>> send(HttpRequest request) override {
    calls.push_back(request);
    if (hold) co_await Handover<bool>([this](auto complete) { held.push_back(std::move(complete)); });
    const auto fault = take_fault(request);
    if (!fault) co_return co_await answer(request);
    if (fault->carried_out) co_await answer(request);
    if (fault->status == 0) co_return fail(ErrorCode::kUnavailable, "The connection was cut.");
    co_return HttpResponse{fault->status, fault->headers, fault->body};
  }

  void release() {
    hold = false;
    for (auto& each : std::exchange(held, {})) each(true);
  }
  [[nodiscard]] std::size_t count(const std::string& method) const {
    return static_cast<std::size_t>(std::ranges::count(calls, method, &HttpRequest::method));
  }

  std::vector<HttpRequest> calls;
  std::deque<Fault> faults;
  std::optional<std::string> lying_etag;  ///< shown for every device
  bool hold = false;                      ///< calls wait for release()
  std::vector<std::move_only_function<void(bool)>> held;

 private:
  using Object = boost::json::object;

  std::optional<Fault> take_fault(const HttpRequest& request) {
    if (faults.empty() || (!faults.front().method.empty() && faults.front().method != request.method)) return {};
    Fault fault = std::move(faults.front());
    faults.pop_front();
    return fault;
  }

  static HttpResponse refusal(int status, const std::string& code) {
    return {status,
            {{"iothub-errorcode", code}},
            boost::json::serialize(Object{{"Message", "ErrorCode:" + code + ";E: no"}, {"ExceptionMessage", "t"}})};
  }
  static HttpResponse refusal(const Error& error) {
    switch (error.code) {
      case ErrorCode::kNotFound:
        return refusal(404, "DeviceNotFound");
      case ErrorCode::kConflict:
        return refusal(409, "DeviceAlreadyExists");
      case ErrorCode::kPreconditionFailed:
        return refusal(412, "PreconditionFailed");
      default:
        return refusal(400, "ArgumentInvalid");
    }
  }

  bool authorized(const HttpRequest& request) const {
    for (const auto& [name, value] : request.headers) {
      if (name != "Authorization") continue;
      const auto token = wire::parse_sas_token(value);
      return token && token->resource == hub_.host_name && token->key_name == hub_.key_name &&
             signed_by(*token, hub_.key) && !has_expired(*token, world_.clock.now(), std::chrono::seconds(0));
    }
    return false;
  }
  static model::IfMatch if_match(const HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name == "If-Match") return model::IfMatch::parse(value);
    }
    return model::IfMatch::absent();
  }

  HttpResponse shown(const model::HubDevice& device, bool twin) {
    Object body = twin ? twin_to_json(device, {}) : identity_to_json(device, {});
    if (lying_etag) body["etag"] = *lying_etag;
    return {200, {{"Content-Type", "application/json; charset=utf-8"}}, boost::json::serialize(body)};
  }

  Task<Result<HttpResponse>> answer(HttpRequest request) {
    const std::string origin = "https://" + hub_.host_name;
    if (!request.url.starts_with(origin)) co_return fail(ErrorCode::kUnavailable, "No such host.");
    if (!authorized(request)) co_return refusal(401, "IotHubUnauthorizedAccess");
    std::string path = request.url.substr(origin.size());
    path = path.substr(0, path.find('?'));
    const bool twin = path.starts_with("/twins/");
    const std::string id = wire::percent_decode(path.substr(path.rfind('/') + 1)).value();
    const HubName name{world_.instance(), hub_.host_name};
    const IfMatchCall call{name, id, if_match(request), request};
    if (request.method == "GET") {
      auto found = co_await registry_.get(name, id);
      co_return found ? shown(*found, twin) : refusal(found.error());
    }
    if (request.method == "DELETE") {
      auto removed = co_await registry_.remove(name, id, call.match);
      co_return removed ? HttpResponse{204} : refusal(removed.error());
    }
    auto stored = twin ? co_await write_twin(call) : co_await put(call);
    co_return stored ? shown(*stored, twin) : refusal(stored.error());
  }

  struct IfMatchCall {
    HubName name;
    std::string id;
    model::IfMatch match;
    const HttpRequest& request;
  };

  Task<Result<model::HubDevice>> put(const IfMatchCall& call) {
    auto identity = read_identity(model::parse_json_object(call.request.body).value(), "deviceId", world_.random);
    if (!identity) co_return std::unexpected(identity.error());
    co_return co_await registry_.put(call.name, std::move(*identity), call.match);
  }
  Task<Result<model::HubDevice>> write_twin(const IfMatchCall& call) {
    const auto how = call.request.method == "PATCH" ? Registry::TwinWrite::kMerge : Registry::TwinWrite::kReplace;
    co_return co_await registry_.write_twin(call.name, call.id, model::parse_json_object(call.request.body).value(),
                                            how, call.match);
  }

  provisioning::testing::World& world_;
  model::LinkedHub hub_;
  Registry registry_;
};

/// A link to the hub "azure.test" with a key.
inline model::LinkedHub azure_link_of(std::string_view key = provisioning::testing::kKeyA) {
  model::LinkedHub hub;
  hub.host_name = "azure.test";
  hub.kind = model::HubKind::kAzure;
  hub.key_name = "provisioning";
  hub.key = provisioning::testing::key_of(key);
  return hub;
}

}  // namespace muster::hub::testing
