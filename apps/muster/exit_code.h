#pragma once

#include "base/error.h"

namespace muster::cli {

/// What the process returns; part of the interface for scripts, shown in the footer of every help text.
enum class ExitCode {
  kOk = 0,
  kRefused = 1,      ///< the service refused or failed, be it one entry of many, or a device was not assigned
  kUsage = 2,        ///< options or input files are wrong; nothing was sent
  kUnreachable = 3,  ///< no answer: name, network, TLS or time-out
  kNotFound = 4,     ///< the service does not have the thing named
};

/// The exit code for a failure that came out of a request (http.h, answer.h).
ExitCode exit_code_of(const Error& error);

}  // namespace muster::cli
