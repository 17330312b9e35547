#pragma once

#include <map>
#include <mutex>
#include <string>

#include <prometheus/collectable.h>

#include "model/instance.h"
#include "server/tls/served_certificates.h"

namespace muster::server {

/// When certificates end: those that this service shows and those by which it trusts devices. Thread-safe.
class CertificateMetrics final : public prometheus::Collectable {
 public:
  /// `served` outlives this.
  explicit CertificateMetrics(const ServedCertificates& served) : served_(served) {}

  /// The CA certificates of an instance, as they are now.
  void note(const model::InstanceConfig& config);
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const ServedCertificates& served_;
  mutable std::mutex mutex_;                      // protects earliest_ca_
  std::map<std::string, TimePoint> earliest_ca_;  ///< by the instance's name; none without a verified certificate
};

}  // namespace muster::server
