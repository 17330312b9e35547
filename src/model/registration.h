#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "model/enrollment.h"

namespace muster::model {

/// States of a device in the instance.
enum class RegistrationStatus { kUnassigned, kAssigning, kAssigned, kFailed, kDisabled };

enum class Substatus { kInitialAssignment, kDeviceDataMigrated, kDeviceDataReset, kReprovisionedToInitialAssignment };

/// The registration record of one device, keyed by registration id without case. It outlives its group.
struct Registration {
  std::string registration_id;  ///< spelling of the first registration (design section 9)
  RegistrationStatus status = RegistrationStatus::kUnassigned;
  std::optional<Substatus> substatus;  ///< assigned only
  std::string assigned_hub;            ///< assigned only; kept while a later registration is open or failed
  std::string device_id;               ///< as assigned_hub
  int error_code = 0;                  ///< failed only: six digits
  std::string error_message;
  std::optional<boost::json::value> payload;  ///< from custom allocation

  EnrollmentKind enrollment_kind = EnrollmentKind::kIndividual;  ///< the entry of the last registration (R-037)
  std::string enrollment_id;
  std::string attestation;  ///< attestation_type() of the last registration

  std::string etag;
  TimePoint created;
  TimePoint updated;

  bool operator==(const Registration&) const = default;
};

/// One register call that was accepted, from 202 to its result; any node can finish or answer it (design section 3).
struct Operation {
  std::string id;               ///< "<digit>.<16 hex>.<guid>", 55 characters (device-api.md 1)
  std::string registration_id;  ///< spelling of the request
  EnrollmentKind enrollment_kind = EnrollmentKind::kIndividual;
  std::string enrollment_id;
  std::string attestation;  ///< attestation_type()
  std::string thumbprint;   ///< X.509: SHA-256 of the presented leaf, the proof for polls and the hub's credential
  std::string challenge;    ///< TPM: id of the challenge that the device answered, which holds its hub's keys
  std::string api_version;  ///< of the device API
  std::optional<boost::json::value> payload;            ///< from the device, for custom allocation
  std::optional<boost::json::object> certificate = {};  ///< X.509, for custom allocation: what is shown of it
  std::string tracking_id;                              ///< of the register request, joins logs and records
  std::string peer_address = {};                        ///< of the device, for geoLatency (R-086)
  bool open = true;                                     ///< false once the record holds the result
  TimePoint begun;

  bool operator==(const Operation&) const = default;
};

std::string_view to_string(RegistrationStatus status);
std::string_view to_string(Substatus substatus);

/// The record as the service API and the device API show it (service-api.md 5, device-api.md 3.5). Never null members.
boost::json::object to_json(const Registration& registration, const boost::json::storage_ptr& storage = {});
/// Puts the same members behind those that `out` has.
void add_members(boost::json::object& out, const Registration& registration);

/// The forms kept in the store. kInternal when damaged.
std::string to_stored_text(const Registration& registration);
Result<Registration> registration_from_stored_json(const boost::json::object& stored);
std::string to_stored_text(const Operation& operation);
Result<Operation> operation_from_stored_json(const boost::json::object& stored);

/// A new operation id in the form of device-api.md 1. Ids sort by `begun`, so that operations of one moment lie
/// together in the store.
std::string make_operation_id(TimePoint begun, Random& random);

}  // namespace muster::model
