#include "server/metrics/api_metrics.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace muster::server {

ApiMetrics::ApiMetrics(prometheus::Registry& registry)
    : durations_("muster_request_duration_seconds", "Time from a complete request to its answer",
                 {"api", "operation", "status"}, duration_bounds()),
      refused_(prometheus::BuildCounter()
                   .Name("muster_requests_refused_total")
                   .Help("Requests that were refused, by the six-digit code of the error body")
                   .Register(registry)) {
}

void ApiMetrics::finished(const FinishedOperation& operation) noexcept {
  const int status_class = std::clamp(operation.status / 100, 0, static_cast<int>(kStatusClasses) - 1);
  histogram(operation.operation, status_class).observe(operation.took);
  if (operation.status < 400) return;
  count_refusal(operation.operation.api,
                operation.refusal != nullptr ? operation.refusal->code : operation.status * 1000);
}

void ApiMetrics::malformed(int code) noexcept {
  count_refusal(Api::kNone, code);
}

Histogram& ApiMetrics::histogram(const OperationInfo& operation, int status_class) {
  const auto look_up = [&]() -> Histogram& {
    return durations_.at({to_string(operation.api), operation.name, fmt::format("{}xx", status_class)});
  };
  if (operation.index >= kMostOperations) return look_up();
  return known_[operation.index][static_cast<std::size_t>(status_class)].get(look_up);
}

void ApiMetrics::count_refusal(Api api, int code) {
  refused_.Add({{"api", std::string(to_string(api))}, {"code", std::to_string(code)}}).Increment();
}

}  // namespace muster::server
