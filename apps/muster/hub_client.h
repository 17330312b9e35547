#pragma once

#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "muster/signed_client.h"

namespace muster::cli {

/// A hub's service API (hub-api.md 1). Errors as in answer.h and http.h.
class HubClient {
 public:
  /// `connection`: of a policy of the hub; `clock` outlives the client.
  HubClient(wire::ConnectionString connection, HttpSend send, const Clock& clock);

  /// At most 1000 of them.
  [[nodiscard]] Result<boost::json::array> identities(int top) const;
  [[nodiscard]] Result<boost::json::object> identity(std::string_view device_id) const;
  /// Creates the device without an etag, replaces it with one ("*": whatever is there).
  [[nodiscard]] Result<boost::json::object> put_identity(const boost::json::object& device,
                                                         std::string_view etag) const;
  [[nodiscard]] Result<void> remove_identity(std::string_view device_id, std::string_view etag) const;

  [[nodiscard]] Result<boost::json::object> twin(std::string_view device_id) const;
  /// Merges; null takes a member away.
  [[nodiscard]] Result<boost::json::object> patch_twin(std::string_view device_id, const boost::json::object& patch,
                                                       std::string_view etag) const;

  /// {"status":...,"payload":...} as the device said.
  [[nodiscard]] Result<boost::json::object> invoke_method(std::string_view device_id,
                                                          const boost::json::object& call) const;

  /// `properties`: headers as the hub has them for properties of a message (hub-api.md 4). The message's id.
  [[nodiscard]] Result<std::string> send_message(std::string_view device_id, const std::string& body,
                                                 HttpHeaders properties) const;
  /// {"totalMessagesPurged":...,"deviceId":...}
  [[nodiscard]] Result<boost::json::object> purge_messages(std::string_view device_id) const;

 private:
  [[nodiscard]] Result<boost::json::object> fetch_object(const SignedClient::Call& call) const;

  SignedClient client_;
};

}  // namespace muster::cli
