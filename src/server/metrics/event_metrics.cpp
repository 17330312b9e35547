#include "server/metrics/event_metrics.h"

#include "server/metrics/samples.h"

namespace muster::server {
namespace {

double seconds_since(const std::optional<TimePoint>& time, TimePoint now) {
  return time ? std::chrono::duration<double>(now - *time).count() : 0;
}

}  // namespace

std::vector<prometheus::MetricFamily> EventMetrics::Collect() const {
  std::vector<prometheus::MetricFamily> out;
  add_logs(out);
  add_sinks(out);
  return out;
}

void EventMetrics::add_logs(std::vector<prometheus::MetricFamily>& out) const {
  Samples taken = counter_samples("muster_hub_events_total", "Events that the log of a hub ever took");
  Samples octets = gauge_samples("muster_hub_events_bytes", "What the log of a hub keeps");
  const auto logs = wait_for(store_.list_hub_logs());
  for (const store::HubLog& log : logs.value_or(std::vector<store::HubLog>())) {
    taken.add(static_cast<double>(log.last), {{"iot_hub_name", log.hub}});
    octets.add(static_cast<double>(log.octets), {{"iot_hub_name", log.hub}});
  }
  out.push_back(taken.take());
  out.push_back(octets.take());
  out.push_back(counter_samples("muster_hub_events_dropped_total", "Events that were too old or too many")
                    .add(static_cast<double>(retention_.dropped()))
                    .take());
}

void EventMetrics::add_sinks(std::vector<prometheus::MetricFamily>& out) const {
  Samples lag = gauge_samples("muster_sink_lag_events", "Events that a sink has not delivered yet");
  Samples age = gauge_samples("muster_sink_oldest_undelivered_seconds", "Age of the first of these");
  Samples failing = gauge_samples("muster_sink_failing", "1 while the last try of a sink has failed");
  Samples delivered = counter_samples("muster_sink_delivered_events_total", "Events that the receiver has taken");
  Samples deliveries = counter_samples("muster_sink_deliveries_total", "Batches by what became of them");
  Samples given_up =
      counter_samples("muster_sink_dead_letter_events_total", "Events that the receiver refused for good");
  Samples lost =
      counter_samples("muster_sink_lost_events_total", "Events that were dropped before they were delivered");
  const TimePoint now = clock_.now();
  for (const hub::SinkReport& each : sinks_.report()) {
    const auto& health = each.health;
    const MetricLabels sink{{"sink", each.name}};
    lag.add(static_cast<double>(each.lag), sink);
    age.add(seconds_since(each.oldest, now), sink);
    failing.add(health.trouble.empty() ? 0 : 1, sink);
    delivered.add(static_cast<double>(health.delivered), sink);
    deliveries.add(static_cast<double>(health.deliveries), {{"sink", each.name}, {"result", "delivered"}});
    deliveries.add(static_cast<double>(health.failures), {{"sink", each.name}, {"result", "failed"}});
    given_up.add(static_cast<double>(health.given_up), sink);
    lost.add(static_cast<double>(health.lost), sink);
  }
  for (Samples* samples : {&lag, &age, &failing, &delivered, &deliveries, &given_up, &lost})
    out.push_back(samples->take());
}

}  // namespace muster::server
