#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

#include "tpm/tpm.h"

namespace muster::cli {

/// What `tpm show` found in a TPM.
struct TpmContents {
  tpm::Facts facts;
  tpm::PrimaryKey endorsement_key;
  tpm::PrimaryKey storage_root_key;
  std::optional<Bytes> certificate = {};  ///< DER, of the endorsement key
  bool device_key = false;
};

/// What `tpm show -o json` prints: endorsementKey, storageRootKey and registrationId as enrollments take them, then
/// what a person wants to know.
boost::json::object tpm_json(const TpmContents& contents);

/// The same for people.
std::string format_tpm(const boost::json::object& shown);

/// "0x81010001".
std::string handle_text(tpm::Handle handle);

}  // namespace muster::cli
