#include "muster/exit_code.h"

namespace muster::cli {

ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kUnavailable:
      return ExitCode::kUnreachable;
    case ErrorCode::kNotFound:
      return ExitCode::kNotFound;
    case ErrorCode::kUnsupported:
      return ExitCode::kUsage;
    default:
      return ExitCode::kRefused;
  }
}

}  // namespace muster::cli
