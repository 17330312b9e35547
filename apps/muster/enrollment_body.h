#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "model/enrollment.h"

namespace muster::cli {

/// What the options of `enrollment` and `group` say about an entry; absent: not given. Choices are in lower case.
struct EnrollmentOptions {
  std::string id = {};
  std::optional<std::string> attestation_type = {};  ///< symmetrickey, x509, tpm; absent: as the other options imply
  std::optional<std::string> primary_key = {};
  std::optional<std::string> secondary_key = {};
  std::optional<std::string> certificate_path = {};
  std::optional<std::string> secondary_certificate_path = {};
  std::optional<std::string> root_ca_name = {};
  std::optional<std::string> secondary_root_ca_name = {};
  std::optional<std::string> endorsement_key = {};  ///< individual only
  std::optional<std::string> ek_certificate = {};   ///< individual only: file, in place of endorsement_key
  std::optional<std::string> ek_roots = {};         ///< folder of the TPM manufacturers' certificates
  std::optional<std::string> device_id = {};        ///< individual only
  std::vector<std::string> iot_hubs = {};
  std::optional<std::string> allocation_policy = {};
  std::optional<std::string> webhook_url = {};
  std::optional<std::string> webhook_api_version = {};
  std::optional<std::string> provisioning_status = {};
  std::optional<std::string> initial_twin_tags = {};        ///< JSON object
  std::optional<std::string> initial_twin_properties = {};  ///< JSON object: the desired properties
  std::optional<bool> edge_enabled = {};
  std::optional<std::string> reprovision_policy = {};  ///< reprovisionandmigratedata, reprovisionandresetdata, never
};

/// The members of an enrollment that the options name, in the shape of the service API (service-api.md 3.1, 4).
/// Certificate files are read; `now` is when an EK certificate is checked. kInvalidArgument names the option that is
/// wrong or contradicts another.
Result<boost::json::object> given_members(model::EnrollmentKind kind, const EnrollmentOptions& options,
                                          TimePoint now = {});

/// The body that creates an entry: its id and the given members; without any attestation a symmetric-key one whose keys
/// the service makes. kInvalidArgument when a member that creation needs is missing.
Result<boost::json::object> creation_body(model::EnrollmentKind kind, const std::string& id, boost::json::object given);

/// The body that updates an entry: what the service has, with the given members in place. Keys, certificate slots and
/// twin halves that are not given stay; another attestation type or collection replaces the former.
boost::json::object update_body(boost::json::object current, const boost::json::object& given);

}  // namespace muster::cli
