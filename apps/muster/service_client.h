#pragma once

#include <optional>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "model/enrollment.h"
#include "model/enrollment_import.h"
#include "model/import_document.h"
#include "muster/signed_client.h"

namespace muster::cli {

/// A part of an export.
struct ExportPage {
  std::string body;
  std::string next;  ///< what the request for the next part names; empty: this was the last
};

/// Enrollments and groups through the service API, api-version 2021-10-01. Errors as in answer.h and http.h.
class ServiceClient {
 public:
  /// `clock` outlives the client.
  ServiceClient(wire::ConnectionString connection, HttpSend send, const Clock& clock);

  [[nodiscard]] Result<boost::json::value> get(model::EnrollmentKind kind, std::string_view id) const;
  /// An empty etag creates and refuses to replace (service-api.md 3.4).
  [[nodiscard]] Result<boost::json::value> put(model::EnrollmentKind kind, std::string_view id,
                                               const boost::json::object& body, std::string_view etag) const;
  [[nodiscard]] Result<void> remove(model::EnrollmentKind kind, std::string_view id, std::string_view etag) const;
  /// All that a query finds ("SELECT *": all there are), page by page; `top` ends the listing early (service-api.md 6).
  [[nodiscard]] Result<boost::json::array> list(model::EnrollmentKind kind, std::string_view query,
                                                std::optional<int> top) const;
  /// The attestation with its symmetric keys (service-api.md 3.7).
  [[nodiscard]] Result<boost::json::value> attestation(model::EnrollmentKind kind, std::string_view id) const;
  /// As get(), with the symmetric keys put in where the attestation has some.
  [[nodiscard]] Result<boost::json::value> get_with_keys(model::EnrollmentKind kind, std::string_view id) const;

  /// Up to ten entries at once, each for itself; "mode" is create, update, updateIfMatchETag or delete. The service's
  /// report (service-api.md 4).
  [[nodiscard]] Result<boost::json::value> bulk(model::EnrollmentKind kind, std::string_view mode,
                                                const boost::json::array& entries) const;

  enum class Access { kRevoke, kRestore };
  /// Cuts the devices of an entry off at the service and at their hubs, or lets them in again, a page at a time; the
  /// entry's state, and what became of each device.
  [[nodiscard]] Result<boost::json::value> set_access(model::EnrollmentKind kind, std::string_view id, Access access,
                                                      std::string_view reason) const;

  /// What is kept of a device's last registration (service-api.md 5).
  [[nodiscard]] Result<boost::json::value> registration(std::string_view registration_id) const;
  [[nodiscard]] Result<void> remove_registration(std::string_view registration_id, std::string_view etag) const;
  /// The records of the devices that registered through a group, page by page; `top` ends the listing early.
  [[nodiscard]] Result<boost::json::array> list_registrations(std::string_view group_id, std::optional<int> top) const;

  /// A part of an import whose first line of data has this number; the service's report (docs/import.md).
  [[nodiscard]] Result<boost::json::value> import(model::EnrollmentKind kind, model::TransferFormat format,
                                                  std::string_view mode, std::size_t first_line,
                                                  std::string body) const;
  [[nodiscard]] Result<ExportPage> export_page(model::EnrollmentKind kind, model::TransferFormat format,
                                               model::ExportSecrets secrets, std::string_view continuation) const;

 private:
  [[nodiscard]] Result<void> remove_at(std::string path, std::string_view etag) const;
  [[nodiscard]] Result<boost::json::array> list_pages(const std::string& path, const std::string& body,
                                                      std::optional<int> top) const;

  SignedClient client_;
};

}  // namespace muster::cli
