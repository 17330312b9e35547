#include "server/api/service_limits.h"

namespace muster::server {

ApiError throttled(const Throttle& throttle) {
  ApiError error = to_api_error(Error{ErrorCode::kUnavailable, "too many calls", {}});
  error.retry_after = throttle.wait;
  error.repeated = throttle.repeated;
  return error;
}

}  // namespace muster::server
