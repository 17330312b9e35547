#include "server/access_log/access_record.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "wire/request_target.h"

namespace muster::server {
namespace {

namespace json = boost::json;

constexpr int kClientError = 400;
constexpr int kServerError = 500;
/// Longer names and explanations exist only in requests that nobody means.
constexpr std::size_t kLongestName = 256;
constexpr std::size_t kLongestDescription = 1024;

/// Management calls are no part of R-191; Azure has them in its activity log, under this name.
std::string_view category(Api api) {
  switch (api) {
    case Api::kDevice:
      return "DeviceOperations";
    case Api::kManagement:
      return "Administrative";
    case Api::kService:
    case Api::kNone:
      return "ServiceOperations";
  }
  return "ServiceOperations";
}

/// What a peer wrote, made fit for a log: ids and paths are ASCII, so anything else is shown as '?'.
std::string shown(std::string_view text, std::size_t longest) {
  std::string out(text.substr(0, longest));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

struct Verdict {
  std::string_view type;
  std::string_view level;
};

Verdict verdict(int status) {
  if (status >= kServerError) return {"Failure", "Error"};
  if (status >= kClientError) return {"ClientError", "Warning"};
  return {"Success", "Information"};
}

/// The record as one line. The duration is written by hand: the library would write 0.153 as 1.53E-1.
std::string line(const json::object& head, std::chrono::nanoseconds took, const json::object& properties) {
  std::string out = json::serialize(head);
  out.pop_back();
  return fmt::format(R"({},"DurationMs":{:.3f},"properties":{}}})", out,
                     std::chrono::duration<double, std::milli>(took).count(), json::serialize(properties));
}

/// "Mqtt", "AmqpWs": as R-192 spells them.
std::string_view protocol(std::string_view transport) {
  if (transport == "mqtt") return "Mqtt";
  if (transport == "mqtt-ws") return "MqttWs";
  if (transport == "amqp") return "Amqp";
  if (transport == "amqp-ws") return "AmqpWs";
  return "Http";
}

std::string description(const ApiError* refusal) {
  if (refusal == nullptr) return {};
  return shown(refusal->detail.empty() ? refusal->message : fmt::format("{} ({})", refusal->message, refusal->detail),
               kLongestDescription);
}

json::object properties(std::string_view id, std::string_view type) {
  json::object out;
  if (!id.empty()) out["id"] = shown(id, kLongestName);
  if (!type.empty()) out["type"] = type;
  return out;
}

}  // namespace

std::string operation_record(std::string_view instance_name, const FinishedOperation& operation) {
  const OperationInfo& info = operation.operation;
  const auto [result, level] = verdict(operation.status);
  const int signature = operation.refusal != nullptr ? operation.refusal->code : operation.status;
  json::object about = properties(operation.subject, info.type);
  about["protocol"] = protocol(operation.transport);

  json::object record{{"time", format_time(operation.at)},
                      {"Category", category(info.api)},
                      {"Level", level},
                      {"OperationName", info.name},
                      {"OperationVersion", shown(operation_version(operation.api_version), kLongestName)},
                      {"ResultType", result},
                      {"ResultSignature", std::to_string(signature)},
                      {"ResultDescription", description(operation.refusal)},
                      {"CallerIpAddress", mask_address(operation.peer_address)},
                      {"CorrelationId", operation.tracking_id}};
  if (!instance_name.empty()) record["Resource"] = instance_name;
  if (!operation.policy.empty()) record["Identity"] = operation.policy;
  if (info.api == Api::kNone) {
    // The query may hold what users put there by mistake.
    record["RequestUri"] = shown(operation.path, kLongestName);
  }
  return line(record, operation.took, about);
}

std::string registration_record(std::string_view instance_name, const model::Operation& operation,
                                const model::Registration& record, TimePoint at) {
  const bool failed = record.status == model::RegistrationStatus::kFailed;
  json::object about = properties(record.registration_id, "Registration");
  about["status"] = to_string(record.status);
  about["operationId"] = operation.id;
  about["enrollment"] = operation.enrollment_id;
  if (record.status == model::RegistrationStatus::kAssigned) {
    about["iotHubName"] = record.assigned_hub;
    about["deviceId"] = record.device_id;
  }
  const std::string signature = failed ? std::to_string(record.error_code) : std::string(to_string(record.status));
  const json::object out{{"time", format_time(at)},
                         {"Category", category(Api::kDevice)},
                         {"Level", failed ? "Warning" : "Information"},
                         {"OperationName", "RegistrationAttempt"},
                         {"OperationVersion", operation_version(operation.api_version)},
                         {"ResultType", failed ? "Failure" : "Success"},
                         {"ResultSignature", signature},
                         {"ResultDescription", failed ? record.error_message : std::string()},
                         {"CorrelationId", operation.tracking_id},
                         {"Resource", instance_name}};
  return line(out, at - operation.begun, about);
}

std::string mask_address(std::string_view address) {
  const std::string text(address);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return text.substr(0, text.rfind('.')) + ".XXX";
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return "XXX";
  std::string out;
  for (std::size_t i = 0; i < 8; i += 2) {
    out += fmt::format("{:x}:", v6.s6_addr[i] << 8U | v6.s6_addr[i + 1]);
  }
  return out + "XXX";
}

std::string operation_version(std::string_view api_version) {
  constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                     "May",       "June",     "July",     "August",
                                                     "September", "October",  "November", "December"};
  std::size_t month = 0;
  if (!wire::is_plausible_api_version(api_version)) return std::string(api_version);
  std::from_chars(api_version.data() + 5, api_version.data() + 7, month);
  if (month < 1 || month > kMonths.size()) return std::string(api_version);
  return fmt::format("{}{}", kMonths[month - 1], api_version.substr(0, 4));
}

}  // namespace muster::server
