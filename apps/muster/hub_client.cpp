#include "muster/hub_client.h"

#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "muster/answer.h"
#include "wire/percent.h"

namespace muster::cli {
namespace {

constexpr const char* kApiVersion = "2021-04-12";
constexpr int kNoContent = 204;

std::string path_of(std::string_view collection, std::string_view device_id) {
  return fmt::format("/{}/{}", collection, wire::percent_encode(device_id));
}

std::unexpected<Error> unexpected_answer() {
  return fail(ErrorCode::kInternal, "The hub sent JSON of another shape than its API has.");
}

/// The hub takes an etag with or without quotes (hub-api.md 1.1).
HttpHeaders matching(std::string_view etag) {
  return etag.empty() ? HttpHeaders() : HttpHeaders{{"If-Match", fmt::format("\"{}\"", etag)}};
}

}  // namespace

HubClient::HubClient(wire::ConnectionString connection, HttpSend send, const Clock& clock)
    : client_(std::move(connection), kApiVersion, std::move(send), clock) {
}

Result<boost::json::array> HubClient::identities(int top) const {
  auto answer = client_.fetch({.method = "GET", .path = fmt::format("/devices?top={}", top)});
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_array()) return unexpected_answer();
  return std::move(answer->get_array());
}

Result<boost::json::object> HubClient::identity(std::string_view device_id) const {
  return fetch_object({.method = "GET", .path = path_of("devices", device_id)});
}

Result<boost::json::object> HubClient::put_identity(const boost::json::object& device, std::string_view etag) const {
  const auto* id = device.if_contains("deviceId");
  if (id == nullptr || !id->is_string()) return invalid("The device has no deviceId.");
  return fetch_object({.method = "PUT",
                       .path = path_of("devices", id->get_string()),
                       .headers = matching(etag),
                       .body = boost::json::serialize(device)});
}

Result<void> HubClient::remove_identity(std::string_view device_id, std::string_view etag) const {
  const auto answer = client_.fetch(
      {.method = "DELETE", .path = path_of("devices", device_id), .headers = matching(etag.empty() ? "*" : etag)});
  return answer ? Result<void>() : std::unexpected(answer.error());
}

Result<boost::json::object> HubClient::twin(std::string_view device_id) const {
  return fetch_object({.method = "GET", .path = path_of("twins", device_id)});
}

Result<boost::json::object> HubClient::patch_twin(std::string_view device_id, const boost::json::object& patch,
                                                  std::string_view etag) const {
  return fetch_object({.method = "PATCH",
                       .path = path_of("twins", device_id),
                       .headers = matching(etag.empty() ? "*" : etag),
                       .body = boost::json::serialize(patch)});
}

Result<boost::json::object> HubClient::invoke_method(std::string_view device_id,
                                                     const boost::json::object& call) const {
  return fetch_object(
      {.method = "POST", .path = path_of("twins", device_id) + "/methods", .body = boost::json::serialize(call)});
}

Result<std::string> HubClient::send_message(std::string_view device_id, const std::string& body,
                                            HttpHeaders properties) const {
  const auto response = client_.send({.method = "POST",
                                      .path = path_of("devices", device_id) + "/messages/devicebound",
                                      .headers = std::move(properties),
                                      .body = body,
                                      .content_type = ""});
  if (!response) return std::unexpected(response.error());
  if (response->status != kNoContent) return std::unexpected(error_from(*response));
  return std::string(response->header("iothub-messageid").value_or(""));
}

Result<boost::json::object> HubClient::purge_messages(std::string_view device_id) const {
  return fetch_object({.method = "DELETE", .path = path_of("devices", device_id) + "/commands"});
}

Result<boost::json::object> HubClient::fetch_object(const SignedClient::Call& call) const {
  auto answer = client_.fetch(call);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->is_object()) return unexpected_answer();
  return std::move(answer->get_object());
}

}  // namespace muster::cli
