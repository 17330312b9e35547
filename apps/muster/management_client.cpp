#include "muster/management_client.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "muster/answer.h"
#include "wire/percent.h"

namespace muster::cli {
namespace {

constexpr std::string_view kServices = "/subscriptions/local/providers/Microsoft.Devices/provisioningServices";

Result<boost::json::object> as_object(Result<boost::json::value> value) {
  if (!value) return std::unexpected(value.error());
  if (!value->is_object())
    return fail(ErrorCode::kInternal, "The management API sent an answer that is not an object.");
  return std::move(value->get_object());
}

/// The id of the first listed service. It becomes a request path, so it must look like one.
Result<std::string> first_id(const boost::json::object& listing) {
  const auto* value = listing.if_contains("value");
  const auto* services = value == nullptr ? nullptr : value->if_array();
  if (services == nullptr || services->empty())
    return fail(ErrorCode::kNotFound, "The management API lists no service.");
  const auto* service = services->front().if_object();
  const auto* id = service == nullptr ? nullptr : service->if_contains("id");
  if (id == nullptr || !id->is_string() || !id->get_string().starts_with('/') ||
      id->get_string().find_first_of(" \t\r\n?#") != boost::json::string::npos) {
    return fail(ErrorCode::kInternal, "The management API lists a service without a usable id.");
  }
  return std::string(id->get_string());
}

}  // namespace

ManagementClient::ManagementClient(wire::ConnectionString connection, HttpSend send, const Clock& clock)
    : client_(std::move(connection), "2022-02-05", std::move(send), clock) {
}

Result<std::string> ManagementClient::base_path() const {
  auto listing = as_object(client_.fetch({.method = "GET", .path = std::string(kServices)}));
  if (!listing) return std::unexpected(listing.error());
  auto id = first_id(*listing);
  if (id) *id += below_;
  return id;
}

ManagementClient ManagementClient::of_hub(std::string_view host_name) const {
  ManagementClient out = *this;
  out.below_ = "/hubs/" + wire::percent_encode(host_name);
  return out;
}

Result<boost::json::object> ManagementClient::service() const {
  auto path = base_path();
  if (!path) return std::unexpected(path.error());
  return as_object(client_.fetch({.method = "GET", .path = *std::move(path)}));
}

Result<boost::json::object> ManagementClient::put_service(const boost::json::object& resource) const {
  auto path = base_path();
  if (!path) return std::unexpected(path.error());
  return as_object(client_.fetch({.method = "PUT",
                                  .path = *std::move(path),
                                  .headers = if_match(etag_of(resource)),
                                  .body = boost::json::serialize(resource)}));
}

Result<boost::json::array> ManagementClient::policies() const {
  auto path = base_path();
  if (!path) return std::unexpected(path.error());
  auto answer = as_object(client_.fetch({.method = "POST", .path = *path + "/listkeys"}));
  if (!answer) return std::unexpected(answer.error());
  const auto listed = model::optional_array(*answer, "value");
  if (!listed || *listed == nullptr) return fail(ErrorCode::kInternal, "The management API sent no policies.");
  return **listed;
}

Result<boost::json::object> ManagementClient::policy(std::string_view name) const {
  auto path = base_path();
  if (!path) return std::unexpected(path.error());
  return as_object(
      client_.fetch({.method = "POST", .path = fmt::format("{}/keys/{}/listkeys", *path, wire::percent_encode(name))}));
}

Result<std::string> ManagementClient::certificate_path(std::string_view name) const {
  auto path = base_path();
  if (!path) return path;
  return fmt::format("{}/certificates/{}", *path, wire::percent_encode(name));
}

Result<boost::json::value> ManagementClient::list_certificates() const {
  auto path = base_path();
  if (!path) return std::unexpected(path.error());
  return client_.fetch({.method = "GET", .path = *path + "/certificates"});
}

Result<boost::json::value> ManagementClient::get_certificate(std::string_view name) const {
  auto path = certificate_path(name);
  if (!path) return std::unexpected(path.error());
  return client_.fetch({.method = "GET", .path = *std::move(path)});
}

Result<boost::json::value> ManagementClient::put_certificate(std::string_view name, const boost::json::object& body,
                                                             std::string_view etag) const {
  auto path = certificate_path(name);
  if (!path) return std::unexpected(path.error());
  return client_.fetch(
      {.method = "PUT", .path = *std::move(path), .headers = if_match(etag), .body = boost::json::serialize(body)});
}

Result<void> ManagementClient::remove_certificate(std::string_view name, std::string_view etag) const {
  auto path = certificate_path(name);
  if (!path) return std::unexpected(path.error());
  auto response = client_.send({.method = "DELETE", .path = *std::move(path), .headers = if_match(etag)});
  if (!response) return std::unexpected(response.error());
  if (!response->success()) return std::unexpected(error_from(*response));
  return {};
}

}  // namespace muster::cli
