#include "server/metrics/webhook_metrics.h"

#include "server/metrics/samples.h"

namespace muster::server {

std::vector<prometheus::MetricFamily> WebhookMetrics::Collect() const {
  Samples up =
      gauge_samples("muster_webhook_up", "Whether devices are sent to the webhook: 0 while its circuit is open");
  Samples calls = counter_samples("muster_webhook_calls_total", "Calls of webhooks by what came of them");
  for (const auto& each : custom_.webhooks()) {
    const MetricLabels labels{{"provisioning_service_id", each.instance}, {"webhook", each.name}};
    up.add(each.state == provisioning::WebhookBreaker::State::kClosed ? 1 : 0, labels);
    for (const auto& [outcome, count] : {std::pair("answered", each.succeeded), std::pair("failed", each.failed)}) {
      MetricLabels with_outcome = labels;
      with_outcome.emplace_back("outcome", outcome);
      calls.add(static_cast<double>(count), with_outcome);
    }
  }
  return {up.take(), calls.take()};
}

}  // namespace muster::server
