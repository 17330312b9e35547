#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/result.h"

namespace muster::cli {

/// What an enrollment gets out of a TPM's certificate.
struct EnrolledEk {
  std::string endorsement_key;  ///< base64 of the TPM2B_PUBLIC
  boost::json::object record;   ///< what was checked and by whom it is certified, for `optionalDeviceInformation`
};

/// Reads an EK certificate and, with a folder of the manufacturers' certificates, demands that it leads to a root among
/// them. Every file of the folder is read, and PEM files wholly; an empty folder name checks nothing.
Result<EnrolledEk> read_ek_certificate_file(const std::string& path, const std::string& roots, TimePoint now);

}  // namespace muster::cli
