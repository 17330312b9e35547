#include "server/metrics/listener_metrics.h"

#include "server/metrics/samples.h"

namespace muster::server {
namespace {

double value(const std::atomic<std::uint64_t>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

}  // namespace

void ListenerMetrics::watch(std::string name, const ServerCounters& counters) {
  const std::scoped_lock lock(mutex_);
  listeners_.emplace_back(std::move(name), &counters);
}

std::vector<prometheus::MetricFamily> ListenerMetrics::Collect() const {
  Samples open = gauge_samples("muster_connections_open", "Connections now");
  Samples accepted = counter_samples("muster_connections_accepted_total", "Connections taken from the kernel");
  Samples refused = counter_samples("muster_connections_refused_total", "Of these, closed at once by a limit");
  Samples errors = counter_samples("muster_accept_errors_total", "Connections that the kernel could not hand over");
  Samples handshakes = counter_samples("muster_tls_handshakes_total", "TLS handshakes by their result");
  Samples requests = counter_samples("muster_http_requests_total", "Requests that were read to their end");
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, counters] : listeners_) {
    const MetricLabels of_listener{{"listener", name}};
    open.add(value(counters->open), of_listener);
    accepted.add(value(counters->accepted), of_listener);
    refused.add(value(counters->refused_by_limit), of_listener);
    errors.add(value(counters->accept_errors), of_listener);
    handshakes.add(value(counters->handshakes_done), {{"listener", name}, {"result", "done"}});
    handshakes.add(value(counters->handshakes_failed), {{"listener", name}, {"result", "failed"}});
    requests.add(value(counters->requests), of_listener);
  }
  std::vector<prometheus::MetricFamily> out;
  for (Samples* samples : {&open, &accepted, &refused, &errors, &handshakes, &requests}) out.push_back(samples->take());
  return out;
}

}  // namespace muster::server
