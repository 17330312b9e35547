#include "load/device_script.h"

#include <fmt/format.h>

namespace muster::bench {
namespace {

constexpr int kMaxPolls = 120;

std::string_view operation_id_of(std::string_view body) {
  constexpr std::string_view kMember = "\"operationId\":\"";
  const auto begin = body.find(kMember);
  if (begin == std::string_view::npos) return {};
  const std::string_view value = body.substr(begin + kMember.size());
  return value.substr(0, value.find('"'));
}

}  // namespace

Next DeviceScript::on_reply(const Reply& reply) {
  Fleet& fleet = facts_.fleet;
  if (polls_ == 0) fleet.saw_register_body(reply.body);
  if (reply.status == 200) {
    fleet.saw_status_body(reply.body);
    if (reply.body.find(R"("status":"assigned")") != std::string_view::npos) return {};
    return failure(reply);
  }
  const std::string_view operation = operation_id_of(reply.body);
  if (reply.status != 202 || operation.empty() || polls_ == kMaxPolls) return failure(reply);
  ++polls_;
  fleet.count_poll();
  return {Next::Kind::kAsk, poll(operation), reply.retry_after};
}

std::string DeviceScript::register_body() const {
  return fmt::format(R"({{"registrationId":"{}"}})", registration_id());
}

Next DeviceScript::failure(const Reply& reply) {
  return {Next::Kind::kFail, fmt::format("status {}: {}", reply.status, reply.body), {}};
}

}  // namespace muster::bench
