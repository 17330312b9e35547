#pragma once

#include <string_view>

#include <boost/json/object.hpp>

#include "muster/signed_client.h"

namespace muster::cli {

/// The resource of the service and its certificates through the management API (service-api.md 8), api-version
/// 2022-02-05. Errors as in answer.h and http.h.
class ManagementClient {
 public:
  /// `clock` outlives the client.
  ManagementClient(wire::ConnectionString connection, HttpSend send, const Clock& clock);

  /// The same for a hub that the service serves itself: its resource and policies in place of the service's.
  [[nodiscard]] ManagementClient of_hub(std::string_view host_name) const;

  /// The whole resource of the one service that the connection string belongs to.
  [[nodiscard]] Result<boost::json::object> service() const;
  /// Replaces the resource if it still has the etag that it carries itself.
  [[nodiscard]] Result<boost::json::object> put_service(const boost::json::object& resource) const;

  /// The shared access policies with their keys; secrets (service-api.md 8.2).
  [[nodiscard]] Result<boost::json::array> policies() const;
  [[nodiscard]] Result<boost::json::object> policy(std::string_view name) const;

  /// {"value":[...]}
  [[nodiscard]] Result<boost::json::value> list_certificates() const;
  [[nodiscard]] Result<boost::json::value> get_certificate(std::string_view name) const;
  /// An empty etag creates, an etag updates (service-api.md 8.5).
  [[nodiscard]] Result<boost::json::value> put_certificate(std::string_view name, const boost::json::object& body,
                                                           std::string_view etag) const;
  [[nodiscard]] Result<void> remove_certificate(std::string_view name, std::string_view etag) const;

 private:
  /// The path below which everything of the service stands: the id of its resource.
  [[nodiscard]] Result<std::string> base_path() const;
  [[nodiscard]] Result<std::string> certificate_path(std::string_view name) const;

  SignedClient client_;
  std::string below_ = {};  ///< where a hub's resource stands below that of the service
};

}  // namespace muster::cli
