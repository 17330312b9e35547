#include "muster/service_client.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "model/json.h"
#include "muster/answer.h"
#include "wire/percent.h"

namespace muster::cli {
namespace {

using model::EnrollmentKind;

std::string_view collection(EnrollmentKind kind) {
  return kind == EnrollmentKind::kGroup ? "/enrollmentGroups" : "/enrollments";
}

std::string path_of(EnrollmentKind kind, std::string_view id) {
  return fmt::format("{}/{}", collection(kind), wire::percent_encode(id));
}

std::string registration_path(std::string_view id) {
  return fmt::format("/registrations/{}", wire::percent_encode(id));
}

std::string_view media_type(model::TransferFormat format) {
  return format == model::TransferFormat::kCsv ? "text/csv; charset=utf-8" : "application/x-ndjson";
}

bool has_symmetric_keys(const boost::json::object& enrollment) {
  const auto* attestation = enrollment.if_contains("attestation");
  if (attestation == nullptr || !attestation->is_object()) return false;
  const auto* type = attestation->get_object().if_contains("type");
  return type != nullptr && type->is_string() && type->get_string() == "symmetricKey";
}

}  // namespace

ServiceClient::ServiceClient(wire::ConnectionString connection, HttpSend send, const Clock& clock)
    : client_(std::move(connection), "2021-10-01", std::move(send), clock) {
}

Result<boost::json::value> ServiceClient::get(EnrollmentKind kind, std::string_view id) const {
  return client_.fetch({.method = "GET", .path = path_of(kind, id)});
}

Result<boost::json::value> ServiceClient::put(EnrollmentKind kind, std::string_view id, const boost::json::object& body,
                                              std::string_view etag) const {
  return client_.fetch(
      {.method = "PUT", .path = path_of(kind, id), .headers = if_match(etag), .body = boost::json::serialize(body)});
}

Result<void> ServiceClient::remove(EnrollmentKind kind, std::string_view id, std::string_view etag) const {
  return remove_at(path_of(kind, id), etag);
}

Result<void> ServiceClient::remove_at(std::string path, std::string_view etag) const {
  auto response = client_.send({.method = "DELETE", .path = std::move(path), .headers = if_match(etag)});
  if (!response) return std::unexpected(response.error());
  if (!response->success()) return std::unexpected(error_from(*response));
  return {};
}

Result<boost::json::array> ServiceClient::list(EnrollmentKind kind, std::string_view query,
                                               std::optional<int> top) const {
  return list_pages(fmt::format("{}/query", collection(kind)),
                    boost::json::serialize(boost::json::object{{"query", query}}), top);
}

Result<boost::json::array> ServiceClient::list_pages(const std::string& path, const std::string& body,
                                                     std::optional<int> top) const {
  boost::json::array all;
  std::string continuation;
  do {
    HttpHeaders headers;
    if (top) headers.emplace_back("x-ms-max-item-count", std::to_string(*top - static_cast<int>(all.size())));
    if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
    auto response = client_.send({.method = "POST", .path = path, .headers = std::move(headers), .body = body});
    if (!response) return std::unexpected(response.error());
    auto page = json_from(*response);
    if (!page) return std::unexpected(page.error());
    if (!page->is_array()) return fail(ErrorCode::kInternal, "The service answered a query with something not a list.");
    for (auto& item : page->get_array()) {
      if (top && static_cast<int>(all.size()) >= *top) break;
      all.push_back(std::move(item));
    }
    continuation = response->header("x-ms-continuation").value_or("");
  } while (!continuation.empty() && (!top || static_cast<int>(all.size()) < *top));
  return all;
}

Result<boost::json::value> ServiceClient::attestation(EnrollmentKind kind, std::string_view id) const {
  return client_.fetch({.method = "POST", .path = path_of(kind, id) + "/attestationmechanism"});
}

Result<boost::json::value> ServiceClient::get_with_keys(EnrollmentKind kind, std::string_view id) const {
  auto enrollment = get(kind, id);
  if (!enrollment || !enrollment->is_object() || !has_symmetric_keys(enrollment->get_object())) return enrollment;
  auto keys = attestation(kind, id);
  if (!keys) return keys;
  enrollment->get_object()["attestation"] = *std::move(keys);
  return enrollment;
}

Result<boost::json::value> ServiceClient::bulk(EnrollmentKind kind, std::string_view mode,
                                               const boost::json::array& entries) const {
  const boost::json::object body{{"mode", mode}, {collection(kind).substr(1), entries}};
  return client_.fetch({.method = "POST", .path = std::string(collection(kind)), .body = boost::json::serialize(body)});
}

Result<boost::json::value> ServiceClient::set_access(EnrollmentKind kind, std::string_view id, Access access,
                                                     std::string_view reason) const {
  boost::json::object body;
  if (!reason.empty()) body["reason"] = reason;
  boost::json::value report;
  boost::json::array devices;
  std::string continuation;
  do {
    HttpHeaders headers;
    if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
    auto response = client_.send({.method = "POST",
                                  .path = path_of(kind, id) + (access == Access::kRevoke ? "/revoke" : "/restore"),
                                  .headers = std::move(headers),
                                  .body = boost::json::serialize(body)});
    if (!response) return std::unexpected(response.error());
    auto page = json_from(*response);
    if (!page) return page;
    const auto listed =
        page->is_object() ? model::optional_array(page->get_object(), "devices") : invalid("It is no object.");
    if (!listed || *listed == nullptr) return fail(ErrorCode::kInternal, "The service answered without devices.");
    devices.insert(devices.end(), (*listed)->begin(), (*listed)->end());
    report = *std::move(page);
    continuation = response->header("x-ms-continuation").value_or("");
  } while (!continuation.empty());
  report.get_object()["devices"] = std::move(devices);
  return report;
}

Result<boost::json::value> ServiceClient::registration(std::string_view registration_id) const {
  return client_.fetch({.method = "GET", .path = registration_path(registration_id)});
}

Result<void> ServiceClient::remove_registration(std::string_view registration_id, std::string_view etag) const {
  return remove_at(registration_path(registration_id), etag);
}

Result<boost::json::array> ServiceClient::list_registrations(std::string_view group_id, std::optional<int> top) const {
  return list_pages(registration_path(group_id) + "/query", "", top);
}

Result<boost::json::value> ServiceClient::import(EnrollmentKind kind, model::TransferFormat format,
                                                 std::string_view mode, std::size_t first_line,
                                                 std::string body) const {
  return client_.fetch({.method = "POST",
                        .path = fmt::format("{}/import?mode={}&firstLine={}", collection(kind), mode, first_line),
                        .body = std::move(body),
                        .content_type = std::string(media_type(format))});
}

Result<ExportPage> ServiceClient::export_page(EnrollmentKind kind, model::TransferFormat format,
                                              model::ExportSecrets secrets, std::string_view continuation) const {
  HttpHeaders headers;
  if (!continuation.empty()) headers.emplace_back("x-ms-continuation", continuation);
  const std::string_view route = secrets == model::ExportSecrets::kIncluded ? "export/keys" : "export";
  auto response = client_.send({.method = "POST",
                                .path = fmt::format("{}/{}", collection(kind), route),
                                .headers = std::move(headers),
                                .accept = std::string(media_type(format))});
  if (!response) return std::unexpected(response.error());
  if (!response->success()) return std::unexpected(error_from(*response));
  return ExportPage{std::move(response->body), std::string(response->header("x-ms-continuation").value_or(""))};
}

}  // namespace muster::cli
