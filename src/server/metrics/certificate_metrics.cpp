#include "server/metrics/certificate_metrics.h"

#include <algorithm>

#include "server/metrics/samples.h"

namespace muster::server {
namespace {

double seconds(TimePoint time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

void CertificateMetrics::note(const model::InstanceConfig& config) {
  TimePoint earliest = TimePoint::max();
  for (const model::CaCertificate& certificate : config.certificates) {
    if (certificate.verified) earliest = std::min(earliest, certificate.certificate.not_after());
  }
  const std::scoped_lock lock(mutex_);
  if (earliest == TimePoint::max()) {
    earliest_ca_.erase(config.instance.name);
  } else {
    earliest_ca_.insert_or_assign(config.instance.name, earliest);
  }
}

std::vector<prometheus::MetricFamily> CertificateMetrics::Collect() const {
  Samples served = gauge_samples("muster_server_certificate_expiry_timestamp_seconds",
                                 "End of the server certificates and their chains, seconds since 1970");
  for (const ServedCertificate& certificate : served_.all()) {
    served.add(seconds(certificate.not_after),
               {{"common_name", certificate.common_name}, {"key_type", certificate.key_type}});
  }
  Samples trusted = gauge_samples("muster_ca_certificate_expiry_timestamp_seconds",
                                  "Earliest end of a verified CA certificate, seconds since 1970");
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, earliest] : earliest_ca_) {
    trusted.add(seconds(earliest), {{"provisioning_service_name", name}});
  }
  std::vector<prometheus::MetricFamily> out{served.take()};
  if (!earliest_ca_.empty()) out.push_back(trusted.take());
  return out;
}

}  // namespace muster::server
